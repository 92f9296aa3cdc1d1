//! Fields that take a value or a few different ones: what a list of one is, and how many are too many.

use crate::support::{keys, messages, must_compile};

/// A data set with this window.
fn text(window: &str) -> String {
    format!(
        "experiment e {{ seed: 1 }}\n\
         let own = window(centre: 50, width: 150)\n\
         dataset d: dicom {{ path: \"scans\", window: {window} }}\n"
    )
}

fn written(window: &str) -> String {
    must_compile(&text(window)).experiment.stages[0].parameters["window"].to_string()
}

/// A field that took one value before keeps its keys.
#[test]
fn a_list_of_one_is_the_value() {
    let of = |window: &str| keys(&must_compile(&text(window)));
    assert_eq!(written("[brain]"), "brain");
    assert_eq!(of("[brain]"), of("brain"));
    assert_eq!(of("[own]"), of("window(50, 150)"));
    assert_ne!(of("brain"), of("bone"));
}

#[test]
fn the_order_of_several_counts() {
    assert_eq!(written("[brain, subdural, bone]"), "[brain, subdural, bone]");
    assert_eq!(written("[brain, own]"), "[brain, window(centre: 50, width: 150)]");
    let of = |window: &str| keys(&must_compile(&text(window)));
    assert_ne!(of("[brain, bone]"), of("[bone, brain]"));
    assert_ne!(of("[brain, bone]"), of("brain"));
}

#[test]
fn too_many_none_and_equal_ones_are_refused_where_they_stand() {
    for (window, part) in [
        ("[brain, bone, subdural, file]", "`window` takes at most 3 values, these are 4"),
        ("[]", "`window` needs at least one value, this list is empty"),
        ("[bone, brain, brain]", "`window` has brain twice"),
        ("[own, window(width: 150, centre: 50)]", "`window` has window(centre: 50, width: 150)"),
        ("[brain, [bone]]", "`window` wants one of file, full"),
        ("[brain, 3]", "`window` wants one of file, full"),
        ("3", "`window` wants one of file, full"),
    ] {
        let found = messages(&text(window));
        assert!(found.iter().any(|one| one.contains(part)), "{window}: {found:?}");
        assert_eq!(found.len(), 1, "{window}: {found:?}");
    }
}
