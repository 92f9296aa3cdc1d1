//! Which stages belong to the experiment: those that it declares, imports by name or makes claims
//! of, and what these were made from.

use crate::language::diagnostic::Diagnostic;
use crate::language::expand::Instance;
use crate::language::experiment::{Input, TypedClaim, TypedStage};
use crate::language::limits::Budget;
use crate::language::names::Names;

/// Whether each stage belongs to the experiment.
pub(super) fn members(
    stages: &[TypedStage],
    claims: &[TypedClaim],
    instances: &[Instance<'_>],
    names: &Names<'_>,
) -> Vec<bool> {
    let mut is_member = vec![false; stages.len()];
    let mut waiting: Vec<usize> = (0..instances.len())
        .filter(|&index| !instances[index].around.is_trial)
        .filter(|&index| names.is_of_experiment(&instances[index].family))
        .collect();
    waiting.extend(claims.iter().flat_map(|claim| &claim.inputs).map(|input| input.stage));
    while let Some(index) = waiting.pop() {
        if !std::mem::replace(&mut is_member[index], true) {
            waiting.extend(stages[index].inputs.iter().map(|input| input.stage));
        }
    }
    is_member
}

/// Gives every field that takes all stages by default those of other kinds.
///
/// # Errors
/// All of them together are more than a file may have.
pub(super) fn fill(
    stages: &mut [TypedStage],
    is_member: &[bool],
    wanting: &[(usize, &str)],
    budget: &mut Budget,
) -> Result<(), Option<Box<Diagnostic>>> {
    for &(taker, role) in wanting {
        let givers = (0..stages.len())
            .filter(|&giver| is_member[giver] && stages[giver].kind != stages[taker].kind);
        let input = |stage| Input { role: role.to_owned(), stage, output: None, many: true };
        let inputs: Vec<Input> = givers.map(input).collect();
        budget.connect(inputs.len(), &stages[taker].span)?;
        stages[taker].inputs.extend(inputs);
    }
    Ok(())
}

/// The stages of the experiment alone, with the numbers that they have then.
pub(super) fn kept(
    stages: Vec<TypedStage>,
    mut claims: Vec<TypedClaim>,
    is_member: &[bool],
) -> (Vec<TypedStage>, Vec<TypedClaim>) {
    let mut next = 0;
    let numbers: Vec<usize> = is_member
        .iter()
        .map(|member| {
            let number = next;
            next += usize::from(*member);
            number
        })
        .collect();
    let mut kept: Vec<TypedStage> = stages
        .into_iter()
        .zip(is_member)
        .filter(|(_, is_member)| **is_member)
        .map(|(stage, _)| stage)
        .collect();
    let of_stages = kept.iter_mut().flat_map(|stage| &mut stage.inputs);
    let of_claims = claims.iter_mut().flat_map(|claim| &mut claim.inputs);
    of_stages.chain(of_claims).for_each(|input| input.stage = numbers[input.stage]);
    (kept, claims)
}
