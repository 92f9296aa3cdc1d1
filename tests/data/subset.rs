//! Subsets: no patient in two folds, nested selections, and honest refusals.

use crate::support::assert_says;
use msx::data::random::stream;
use msx::data::subset::{Classes, Filter, SubsetConfig, SubsetPlan, plan, share_out, write};
use msx::data::{Channels, DataError, Depth, Fold, FoldInfo, LabelSet, Origin, write_fold};
use proptest::prelude::*;
use rand::Rng;
use std::collections::BTreeSet;

/// A dataset of labels alone.
struct Labelled {
    info: FoldInfo,
    labels: Vec<u8>,
}

impl Labelled {
    /// Images of patients with one to five each, and findings of falling frequency.
    fn draw(count: usize, seed: u64) -> Labelled {
        let mut random = stream(seed, "test/labelled");
        let (mut patients, mut labels) = (Vec::new(), Vec::new());
        let mut patient = 0;
        while patients.len() < count {
            for _ in 0..random.random_range(1..=5) {
                patients.push(format!("patient{patient:05}"));
                labels.extend(
                    [0.5, 0.35, 0.2, 0.02].map(|share| u8::from(random.random_bool(share))),
                );
            }
            patient += 1;
        }
        patients.truncate(count);
        labels.truncate(4 * count);
        let info = FoldInfo {
            findings: ["A", "B", "C", "D"].map(str::to_owned).to_vec(),
            side: 16,
            depth: Depth::Eight,
            channels: Channels::One,
            count,
            origin: Origin::Real,
            patients,
            sources: (0..count).map(|number| format!("image{number:05}")).collect(),
        };
        Labelled { info, labels }
    }

    fn plan(&self, config: &SubsetConfig) -> SubsetPlan {
        plan(&self.info, &self.labels, config).expect("enough of everything")
    }

    fn row(&self, index: usize) -> &[u8] {
        &self.labels[4 * index..4 * index + 4]
    }

    /// The sources of one fold.
    fn sources(&self, plan: &SubsetPlan, fold: usize) -> BTreeSet<&str> {
        plan.folds[fold].iter().map(|&index| self.info.sources[index].as_str()).collect()
    }

    /// The same images in the order of a list.
    fn in_order(&self, order: &[usize]) -> Labelled {
        let pick = |all: &[String]| order.iter().map(|&index| all[index].clone()).collect();
        let mut info = self.info.clone();
        info.patients = pick(&self.info.patients);
        info.sources = pick(&self.info.sources);
        Labelled {
            info,
            labels: order.iter().flat_map(|&index| self.row(index)).copied().collect(),
        }
    }
}

fn config(classes: Classes, train: Option<usize>) -> SubsetConfig {
    let per_class = [train, Some(8), Some(6)];
    let filter = Filter::default();
    let (total, split) = ([None; 3], [0.8, 0.1, 0.1]);
    SubsetConfig { filter, classes, per_class, total, split, side: 16, seed: 7 }
}

fn everything() -> SubsetConfig {
    SubsetConfig { per_class: [None; 3], ..config(Classes::Top(4), None) }
}

#[test]
fn no_patient_is_in_two_folds() {
    let data = Labelled::draw(2000, 1);
    let plan = data.plan(&everything());
    let patients = |fold: usize| -> BTreeSet<&String> {
        plan.folds[fold].iter().map(|&index| &data.info.patients[index]).collect()
    };
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        assert!(patients(one).is_disjoint(&patients(other)), "folds {one} and {other}");
    }
    let shares = [0, 1, 2].map(|fold| plan.folds[fold].len() as f64 / 2000.0);
    assert!(shares[0] > 5.0 * shares[1] && shares[1] > 0.02 && shares[2] > 0.02, "{shares:?}");
}

#[test]
fn fewer_images_are_contained_in_more_and_the_other_folds_stay() {
    let data = Labelled::draw(2000, 1);
    let counts = [Some(20), Some(60), Some(100), None];
    let plans = counts.map(|train| data.plan(&config(Classes::Top(4), train)));
    for pair in plans.windows(2) {
        assert!(data.sources(&pair[0], 0).is_subset(&data.sources(&pair[1], 0)));
        assert!(pair[0].folds[0].len() < pair[1].folds[0].len());
        assert_eq!(pair[0].folds[1..], pair[1].folds[1..]);
    }
    assert_eq!(plans[0].folds.each_ref().map(Vec::len), [80, 32, 24]);
}

#[test]
fn fewer_classes_are_contained_in_more() {
    let data = Labelled::draw(2000, 1);
    let (two, four) = (
        data.plan(&config(Classes::Top(2), Some(50))),
        data.plan(&config(Classes::Top(4), Some(50))),
    );
    assert_eq!(two.classes, four.classes[..2]);
    for fold in 0..3 {
        let of_two = |index: &&usize| two.classes.contains(&LabelSet::from_row(data.row(**index)));
        let within: Vec<usize> = four.folds[fold].iter().filter(of_two).copied().collect();
        assert_eq!(two.folds[fold], within, "fold {fold}");
    }
}

#[test]
fn classes_are_the_most_frequent_label_sets() {
    let data = Labelled::draw(2000, 1);
    let count = |set: &LabelSet| {
        data.labels.chunks(4).filter(|row| LabelSet::from_row(row) == *set).count()
    };
    let top = data.plan(&config(Classes::Top(4), Some(20))).classes;
    assert!(top.windows(2).all(|pair| count(&pair[0]) >= count(&pair[1])));
    let least = count(&top[3]);
    let by_count = data.plan(&config(Classes::MinCount(least), Some(20))).classes;
    assert_eq!(by_count, top);
    let kept = data.plan(&config(Classes::Top(4), Some(20)));
    for (fold, each) in [20, 8, 6].into_iter().enumerate() {
        for class in &top {
            let of_class = |index: &&usize| LabelSet::from_row(data.row(**index)) == *class;
            assert_eq!(kept.folds[fold].iter().filter(of_class).count(), each);
        }
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn filtered(filter: Filter, classes: Classes) -> SubsetConfig {
    SubsetConfig { filter, classes, ..everything() }
}

/// Names of the classes.
fn classes(data: &Labelled, config: &SubsetConfig) -> Vec<String> {
    data.plan(config).classes.iter().map(|set| set.name(&data.info.findings)).collect()
}

#[test]
fn label_sets_are_chosen_by_name_in_any_spelling() {
    let data = Labelled::draw(2000, 1);
    let named = |list: &[&str]| filtered(Filter::default(), Classes::Named(names(list)));
    // In the order of their ranks, whatever the order of the names.
    let mut three = classes(&data, &everything());
    three.retain(|name| name != "B");
    assert_eq!(three.len(), 3);
    assert_eq!(classes(&data, &named(&["B + A", "no finding", "A", "A+B"])), three);
    let (one, top) = (data.plan(&named(&["no finding"])), data.plan(&everything()));
    let without = |index: &&usize| LabelSet::from_row(data.row(**index)) == one.classes[0];
    assert_eq!(one.findings, [] as [usize; 0]);
    for fold in 0..3 {
        let of_top: Vec<usize> = top.folds[fold].iter().filter(without).copied().collect();
        assert_eq!(one.folds[fold], of_top, "fold {fold}");
    }
}

#[test]
fn label_sets_are_filtered_by_findings_before_they_are_ranked() {
    let data = Labelled::draw(4000, 1);
    let filter = |containing: &[&str], excluding: &[&str], findings: Option<&[&str]>| Filter {
        containing: names(containing),
        excluding: names(excluding),
        findings: findings.map(names),
    };
    let of = |filter: Filter| {
        let mut names = classes(&data, &filtered(filter, Classes::MinCount(100)));
        names.sort();
        names
    };
    assert_eq!(of(filter(&["A"], &[], None)), ["A", "A + B", "A + B + C", "A + C"]);
    assert_eq!(of(filter(&["A", "C"], &[], None)), ["A + B + C", "A + C"]);
    assert_eq!(of(filter(&["A"], &["C"], None)), ["A", "A + B"]);
    assert_eq!(of(filter(&[], &[], Some(&["A", "C"]))), ["A", "A + C", "C", "no finding"]);
    assert_eq!(of(filter(&["C"], &["D"], Some(&["B", "C"]))), ["B + C", "C"]);
    // The first two of what is left, not what is left of the first two.
    let plan = data.plan(&filtered(filter(&["C"], &[], None), Classes::Top(2)));
    let with_c = data.labels.chunks(4).filter(|row| row[2] == 1).count();
    assert_eq!(plan.findings, [0, 2]);
    let dropped: Vec<(&str, usize)> =
        plan.dropped.iter().map(|one| (one.reason.as_str(), one.count)).collect();
    assert_eq!(dropped[0], ("label set with other findings than asked for", 4000 - with_c));
    let kept: usize = plan.folds.iter().map(Vec::len).sum();
    assert_eq!(dropped[1], ("label set not among the classes", with_c - kept));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However label sets are filtered, images keep their fold and the order in which they are
    /// taken: whatever lets more pass contains the rest.
    #[test]
    fn a_filter_takes_away_and_moves_nothing(
        containing in proptest::sample::subsequence(vec!["A", "B"], 0..=2),
        excluding in proptest::sample::subsequence(vec!["C", "D"], 0..=2),
        each in 1_usize..4,
    ) {
        let data = Labelled::draw(900, 5);
        let few = SubsetConfig { per_class: [Some(each), None, None], ..everything() };
        let all = SubsetConfig { classes: Classes::MinCount(60), ..few };
        let filter = Filter {
            containing: names(&containing),
            excluding: names(&excluding),
            findings: None,
        };
        let (some, all) = (data.plan(&SubsetConfig { filter, ..all.clone() }), data.plan(&all));
        for fold in 0..3 {
            let of_some = |index: &&usize| {
                some.classes.contains(&LabelSet::from_row(data.row(**index)))
            };
            let within: Vec<usize> = all.folds[fold].iter().filter(of_some).copied().collect();
            prop_assert_eq!(&some.folds[fold], &within);
        }
    }
}

#[test]
fn what_names_nothing_is_refused_with_what_may_be_meant() {
    let mut data = Labelled::draw(400, 1);
    data.info.findings = names(&["Edema", "Mass", "Pleural Effusion", "Pneumonia"]);
    let refuses = |config: &SubsetConfig, parts: &[&str]| {
        assert_says(plan(&data.info, &data.labels, config), parts);
    };
    let named = |name: &str| filtered(Filter::default(), Classes::Named(names(&[name])));
    refuses(&named("Edema + Maas"), &["`named` has `Maas`", "did you mean `Mass`?"]);
    refuses(&named("x"), &["`named` has `x`", "choose among Edema, Mass, Pleural Effusion"]);
    let rare = "Edema + Mass + Pleural Effusion + Pneumonia";
    refuses(&named(rare), &["no image has the label set", "did you mean `Edema + Mass + P"]);
    let none = filtered(Filter::default(), Classes::Named(Vec::new()));
    refuses(&none, &["`named` has no name; choose among no finding ("]);
    let without = |list: &[&str]| Filter { excluding: names(list), ..Filter::default() };
    refuses(
        &filtered(without(&["pneumonia"]), Classes::All),
        &["`excluding` has `pneumonia`", "did you mean `Pneumonia`?"],
    );
    refuses(
        &filtered(without(&["Mass"]), Classes::Named(names(&["Edema + Mass"]))),
        &["`Edema + Mass`, which `containing`, `excluding` and `findings` leave out"],
    );
    refuses(
        &filtered(without(&["Mass"]), Classes::Top(15)),
        &["top(15)", "label sets, the dataset has", " left: no finding ("],
    );
    let both = Filter { containing: names(&["Mass"]), ..without(&["Mass"]) };
    refuses(&filtered(both, Classes::All), &["no image passes", "there is no finding ("]);
}

/// All of the training fold, and a total of each of the others.
fn thinned(valid: usize, test: usize) -> SubsetConfig {
    SubsetConfig { total: [None, Some(valid), Some(test)], ..everything() }
}

#[test]
fn a_total_is_shared_out_in_proportion() {
    // Proportional: 5.0, 3.0, 1.5 and 0.5; the third of equal quotients comes first.
    assert_eq!(share_out(10, &[50, 30, 15, 5]), [5, 3, 2, 0]);
    // Proportional: 6.42, 1.96, 1.61: rounded to the nearest.
    assert_eq!(share_out(10, &[642, 196, 161]), [6, 2, 2]);
    assert_eq!(share_out(0, &[3, 2]), [0, 0]);
    assert_eq!(share_out(5, &[3, 2]), [3, 2]);
    let data = Labelled::draw(2000, 1);
    let (all, plan) = (data.plan(&everything()), data.plan(&thinned(60, 40)));
    assert_eq!(plan.folds.each_ref().map(Vec::len), [all.folds[0].len(), 60, 40]);
    for class in &plan.classes {
        let count = |fold: &[usize]| {
            fold.iter().filter(|&&index| LabelSet::from_row(data.row(index)) == *class).count()
        };
        let exact = 60.0 * count(&all.folds[1]) as f64 / all.folds[1].len() as f64;
        assert!((count(&plan.folds[1]) as f64 - exact).abs() < 1.0, "{exact}");
    }
    let dropped: usize = plan.dropped.iter().map(|one| one.count).sum();
    assert_eq!(plan.folds.iter().map(Vec::len).sum::<usize>() + dropped, 2000);
}

proptest! {
    /// No class gets more than it has, nor less than a smaller total gives it, nor is one far
    /// from its proportional share.
    #[test]
    fn shares_are_fair_and_nested(
        sizes in proptest::collection::vec(1_usize..200, 1..12),
        part in 0.0_f64..=1.0,
    ) {
        let sum: usize = sizes.iter().sum();
        let total = (part * sum as f64) as usize;
        let shares = share_out(total, &sizes);
        prop_assert_eq!(shares.iter().sum::<usize>(), total);
        let fewer = share_out(total.saturating_sub(1), &sizes);
        for ((share, size), fewer) in shares.iter().zip(&sizes).zip(&fewer) {
            prop_assert!(share <= size && fewer <= share);
            let exact = total as f64 * *size as f64 / sum as f64;
            prop_assert!((*share as f64 - exact).abs() < 1.0 + sizes.len() as f64 / 4.0);
        }
    }
}

#[test]
fn a_smaller_total_is_contained_in_a_larger_one_and_the_size_does_not_matter() {
    let data = Labelled::draw(2000, 1);
    let (small, large) = (data.plan(&thinned(30, 20)), data.plan(&thinned(60, 40)));
    for fold in [1, 2] {
        assert!(data.sources(&small, fold).is_subset(&data.sources(&large, fold)));
    }
    assert_eq!(small.folds[0], large.folds[0]);
    assert_eq!(small.folds, data.plan(&SubsetConfig { side: 8, ..thinned(30, 20) }).folds);
}

#[test]
fn a_total_that_is_not_there_is_refused() {
    let data = Labelled::draw(400, 1);
    let result = plan(&data.info, &data.labels, &thinned(4000, 4));
    assert_says(result, &["`total` asks for 4000 images in valid", "there are", "larger share"]);
}

#[test]
fn images_left_out_are_counted() {
    let data = Labelled::draw(2000, 1);
    for wanted in [config(Classes::Top(3), Some(30)), everything()] {
        let plan = data.plan(&wanted);
        let kept: usize = plan.folds.iter().map(Vec::len).sum();
        let dropped: usize = plan.dropped.iter().map(|one| one.count).sum();
        assert_eq!(kept + dropped, 2000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The choice depends on names and labels, so a sorted table and a shuffled one agree.
    #[test]
    fn the_order_of_the_rows_does_not_matter(
        order in Just((0..900).collect::<Vec<usize>>()).prop_shuffle(),
        seed in 0_u64..1000,
    ) {
        let data = Labelled::draw(900, 3);
        let shuffled = data.in_order(&order);
        let wanted = SubsetConfig { per_class: [Some(10), None, Some(2)], seed, ..everything() };
        let wanted = SubsetConfig { classes: Classes::Top(2), ..wanted };
        let (one, other) = (data.plan(&wanted), shuffled.plan(&wanted));
        prop_assert_eq!(&one.classes, &other.classes);
        for fold in 0..3 {
            prop_assert_eq!(data.sources(&one, fold), shuffled.sources(&other, fold));
        }
        prop_assert_eq!(&one, &data.plan(&wanted), "the same seed gives the same choice");
    }
}

#[test]
fn another_seed_gives_another_choice() {
    let data = Labelled::draw(2000, 1);
    let seeded = |seed| SubsetConfig { seed, ..config(Classes::Top(4), Some(20)) };
    let (one, other) = (data.plan(&seeded(1)), data.plan(&seeded(2)));
    assert_eq!(one.classes, other.classes, "the ranking is no matter of chance");
    assert_ne!(one.folds, other.folds);
}

#[test]
fn too_much_asked_for_is_refused_with_what_there_is() {
    let data = Labelled::draw(400, 1);
    let refuses = |wanted: &SubsetConfig, parts: &[&str]| {
        assert_says(plan(&data.info, &data.labels, wanted), parts);
    };
    let many = config(Classes::Top(40), Some(1));
    refuses(&many, &["top(40)", "the dataset has", "no finding (", "A + B ("]);
    let more = config(Classes::Top(2), Some(5000));
    let remedy = "ask for fewer images a class, or for fewer classes";
    refuses(&more, &["train 5000, valid 8, test 6", "no finding: train ", remedy]);
    refuses(&config(Classes::MinCount(100_000), Some(1)), &["frequent enough", "lower min_count"]);
}

/// A class may be there and yet be missing from one fold.
#[test]
fn a_class_that_is_empty_in_a_fold_is_refused() {
    let mut data = Labelled::draw(400, 1);
    for row in data.labels.chunks_mut(4) {
        row.copy_from_slice(&[1, 0, 0, 0]);
    }
    data.labels[..4].copy_from_slice(&[0, 0, 0, 1]);
    let wanted = SubsetConfig { classes: Classes::All, ..everything() };
    let parts = ["a class has too few images", "(train all, valid all, test all)", "D: train "];
    assert_says(plan(&data.info, &data.labels, &wanted), &parts);
}

/// Writes the whole of a dataset of 300 images, each of its own brightness.
fn written() -> (tempfile::TempDir, Labelled, Fold) {
    let folder = tempfile::tempdir().expect("folder");
    let data = Labelled::draw(300, 1);
    let pixels: Vec<u8> = (0..300).flat_map(|number| [(number % 256) as u8; 256]).collect();
    write_fold(folder.path(), &data.info, &pixels, &data.labels).expect("writes");
    let fold = Fold::open(folder.path()).expect("opens");
    (folder, data, fold)
}

#[test]
fn a_fold_holds_the_chosen_images_without_findings_that_no_longer_occur() {
    let (folder, data, dataset) = written();
    let wanted = SubsetConfig { per_class: [Some(5), Some(1), Some(1)], ..everything() };
    let wanted = SubsetConfig { classes: Classes::Top(2), side: 8, ..wanted };
    let plan = data.plan(&wanted);
    let target = folder.path().join("train");
    let summary = write(&dataset, &plan, 0, 8, &target).expect("writes");
    let fold = Fold::open(&target).expect("opens");
    assert_eq!((summary.kept, fold.len(), fold.info().side), (10, 10, 8));
    assert!(fold.info().findings.len() < 4 && !fold.info().findings.contains(&"D".to_owned()));
    for (position, &index) in plan.folds[0].iter().enumerate() {
        assert_eq!(fold.info().sources[position], data.info.sources[index]);
        assert_eq!(fold.info().patients[position], data.info.patients[index]);
        assert_eq!(fold.image(position), [(index % 256) as u8; 64]);
        let (ours, theirs) = (fold.label_set(position), dataset.label_set(index));
        assert_eq!(ours.name(&fold.info().findings), theirs.name(&dataset.info().findings));
    }
}

#[test]
fn a_side_that_halving_does_not_reach_is_refused() {
    let (folder, data, dataset) = written();
    let wanted = SubsetConfig { per_class: [Some(5), Some(1), Some(1)], ..everything() };
    let plan = data.plan(&SubsetConfig { classes: Classes::Top(2), ..wanted });
    let result: Result<_, DataError> = write(&dataset, &plan, 0, 12, &folder.path().join("train"));
    assert_says(result, &["12px", "16px", "power of two"]);
}
