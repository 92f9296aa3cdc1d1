//! Which slices of a volume are taken, and how they lie in the image.

use super::header::Header;
use crate::data::image::Grey;

/// What slices are perpendicular to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// From below to above, front at the top, the patient's right on the left.
    Axial,
    /// From back to front, head at the top, the patient's right on the left.
    Coronal,
    /// From left to right, head at the top, front on the left.
    Sagittal,
    /// An axis of the file, 0 to 2, with the others as they are stored.
    Stored(usize),
}

/// Which slices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Which {
    /// All of them.
    All,
    /// The one in the middle; of an even number the later.
    Middle,
    /// Those whose middle lies in a part of the way, every so many.
    Between {
        /// Where the part begins, 0 to 1.
        from: f64,
        /// Where it ends.
        to: f64,
        /// One of so many.
        step: usize,
    },
}

impl Which {
    /// The numbers of the slices, ascending.
    pub(super) fn of(self, count: usize) -> Vec<usize> {
        match self {
            Which::All => (0..count).collect(),
            Which::Middle => vec![count / 2],
            Which::Between { from, to, step } => (0..count)
                .filter(|&slice| {
                    let middle = (slice as f64 + 0.5) / count as f64;
                    from <= middle && middle <= to
                })
                .step_by(step.max(1))
                .collect(),
        }
    }
}

/// An axis of the file and whether it is walked backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    axis: usize,
    is_backwards: bool,
}

/// How slices lie in a volume.
pub(super) struct Layout {
    shape: [usize; 3],
    slices: Way,
    rows: Way,
    columns: Way,
}

impl Layout {
    pub(super) fn new(header: &Header, axis: Axis) -> Layout {
        let shape = header.shape;
        let stored = |axis| Way { axis, is_backwards: false };
        let [right, front, up] = ways(&header.directions);
        let against = |way: Way| Way { is_backwards: !way.is_backwards, ..way };
        let (slices, rows, columns) = match axis {
            Axis::Axial => (up, against(front), against(right)),
            Axis::Coronal => (front, against(up), against(right)),
            Axis::Sagittal => (right, against(up), against(front)),
            Axis::Stored(0) => (stored(0), stored(2), stored(1)),
            Axis::Stored(1) => (stored(1), stored(2), stored(0)),
            Axis::Stored(_) => (stored(2), stored(1), stored(0)),
        };
        Layout { shape, slices, rows, columns }
    }

    /// How many slices there are.
    pub(super) fn count(&self) -> usize {
        self.shape[self.slices.axis]
    }

    /// One slice of values in the order of the file.
    pub(super) fn slice(&self, values: &[f32], number: usize) -> Grey {
        let (height, width) = (self.shape[self.rows.axis], self.shape[self.columns.axis]);
        let steps = [1, self.shape[0], self.shape[0] * self.shape[1]];
        let place = |way: Way, at: usize| {
            let at = if way.is_backwards { self.shape[way.axis] - 1 - at } else { at };
            at * steps[way.axis]
        };
        let start = place(self.slices, number);
        let mut pixels = Vec::with_capacity(height * width);
        for row in 0..height {
            let start = start + place(self.rows, row);
            pixels.extend((0..width).map(|column| values[start + place(self.columns, column)]));
        }
        Grey { width, height, pixels }
    }
}

/// The axes of the file that go most nearly to the right, to the front and up: of all six orders
/// the one whose steps share most with the patient's directions.
fn ways(directions: &[[f64; 3]; 3]) -> [Way; 3] {
    const ORDERS: [[usize; 3]; 6] =
        [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let length = |axis: usize| {
        let sum: f64 = directions.iter().map(|row| row[axis] * row[axis]).sum();
        if sum > 0.0 { sum.sqrt() } else { 1.0 }
    };
    let share = |direction: usize, axis: usize| directions[direction][axis] / length(axis);
    let of = |order: &[usize; 3]| -> f64 { (0..3).map(|d| share(d, order[d]).abs()).sum() };
    let best = ORDERS.iter().fold(&ORDERS[0], |best, order| {
        // Nearly equal orders must not depend on the last digit.
        if of(order) > of(best) + 1e-6 { order } else { best }
    });
    [0, 1, 2].map(|direction| {
        let axis = best[direction];
        Way { axis, is_backwards: share(direction, axis) < 0.0 }
    })
}
