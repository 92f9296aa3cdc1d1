//! The stages that could start: which is next, and with how many threads.

use super::trajectories::Trajectories;
use crate::graph::{Digest, Fingerprint, ResolvedInput};
use crate::stages::Needs;

/// What all running stages share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Capacity {
    pub(super) threads: usize,
    /// Memory in bytes; nothing for as much as they like.
    pub(super) memory: Option<u64>,
    /// Stages that may use the accelerator at a time.
    pub(super) accelerator_slots: usize,
}

/// A stage whose inputs are known and whose result is not.
pub(super) struct Ready<'a> {
    pub(super) index: usize,
    pub(super) inputs: Vec<ResolvedInput<'a>>,
    pub(super) fingerprint: Fingerprint,
    pub(super) key: Digest,
    pub(super) trajectories: Trajectories,
    /// How long a training goes on, in the order of its fields' names.
    pub(super) horizon: Vec<f64>,
    /// Seconds from its start to the end of all that waits on it, as far as they are known.
    pub(super) path: f64,
    pub(super) needs: Needs,
}

struct Running {
    index: usize,
    key: Digest,
    trajectories: Trajectories,
    threads: usize,
    needs: Needs,
}

/// See the module.
pub(super) struct Queue<'a> {
    capacity: Capacity,
    ready: Vec<Ready<'a>>,
    running: Vec<Running>,
}

impl<'a> Queue<'a> {
    pub(super) fn new(capacity: Capacity) -> Queue<'a> {
        Queue { capacity, ready: Vec::new(), running: Vec::new() }
    }

    pub(super) fn add(&mut self, ready: Ready<'a>) {
        self.ready.push(ready);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Takes the stage to start next, if one may, and says how many threads it gets: one while others
    /// could start too, the whole machine when it is alone.
    pub(super) fn start(&mut self) -> Option<(Ready<'a>, usize)> {
        let busy: usize = self.running.iter().map(|running| running.threads).sum();
        let free = self.capacity.threads.saturating_sub(busy);
        if free == 0 {
            return None;
        }
        let able: Vec<usize> =
            (0..self.ready.len()).filter(|&position| self.may_start(position)).collect();
        let first = *able.iter().min_by(|&&a, &&b| {
            let (a, b) = (&self.ready[a], &self.ready[b]);
            b.path.total_cmp(&a.path).then(a.index.cmp(&b.index))
        })?;
        let next = self.shortest_of_its_trajectory(first);
        let threads = (free / able.len()).max(1);
        let ready = self.ready.swap_remove(next);
        self.running.push(Running {
            index: ready.index,
            key: ready.key,
            trajectories: ready.trajectories.clone(),
            threads,
            needs: ready.needs,
        });
        Some((ready, threads))
    }

    /// Two stages that mean the same work: the second waits and finds the first's result. A stage
    /// that is alone may start whatever it needs: waiting would not give it more.
    fn may_start(&self, position: usize) -> bool {
        let ready = &self.ready[position];
        let is_apart = self.running.iter().all(|running| {
            running.key != ready.key && !running.trajectories.meet(&ready.trajectories)
        });
        is_apart && (self.running.is_empty() || self.has_room(ready.needs))
    }

    fn has_room(&self, needs: Needs) -> bool {
        let used: u64 = self.running.iter().map(|running| running.needs.memory).sum();
        let busy = self.running.iter().filter(|running| running.needs.accelerator).count();
        self.capacity.memory.is_none_or(|all| used.saturating_add(needs.memory) <= all)
            && (!needs.accelerator || busy < self.capacity.accelerator_slots)
    }

    /// Of two trainings on one trajectory the shorter goes first, and the longer goes on from its
    /// end; of those that share a part of their way the one that does not grow as far.
    fn shortest_of_its_trajectory(&self, position: usize) -> usize {
        let trajectories = &self.ready[position].trajectories;
        let together = (0..self.ready.len())
            .filter(|&other| self.ready[other].trajectories.meet(trajectories));
        let shortest = together.min_by(|&a, &b| {
            let (a, b) = (&self.ready[a], &self.ready[b]);
            let order = a.horizon.partial_cmp(&b.horizon).unwrap_or(std::cmp::Ordering::Equal);
            let steps = |ready: &Ready<'_>| ready.trajectories.stretches.len();
            steps(a).cmp(&steps(b)).then(order).then(a.index.cmp(&b.index))
        });
        shortest.unwrap_or(position)
    }

    /// Takes a running stage off, and gives the stages that waited for its result because they mean
    /// the same work.
    pub(super) fn end(&mut self, index: usize) -> Option<(Digest, Vec<usize>)> {
        let position = self.running.iter().position(|running| running.index == index)?;
        let key = self.running.swap_remove(position).key;
        let twins = self.ready.iter().filter(|ready| ready.key == key);
        let twins = twins.map(|ready| ready.index).collect();
        self.ready.retain(|ready| ready.key != key);
        Some((key, twins))
    }
}
