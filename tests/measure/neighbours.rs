//! Nearest neighbours against scikit-learn.

use crate::support::{assert_near, golden, list, number, numbers};
use msx::measure::neighbours::{Metric, nearest};

#[test]
fn neighbours_are_scikit_learns() {
    let golden = golden("neighbours.json");
    let (queries, candidates) = (numbers(&golden["queries"]), numbers(&golden["candidates"]));
    for (metric, name) in [(Metric::Cosine, "cosine"), (Metric::Euclidean, "euclidean")] {
        let found = nearest(&queries, &candidates, 6, metric).expect("there are candidates");
        let indices = list(&golden[name]["indices"]);
        assert_eq!(found.len(), indices.len());
        for ((ours, index), distance) in
            found.iter().zip(indices).zip(list(&golden[name]["distances"]))
        {
            assert_eq!(ours.index as u64, index.as_u64().expect("an index"), "{name}");
            assert_near(ours.distance, number(distance), 1e-6, name);
        }
    }
}

#[test]
fn a_copy_is_found_at_distance_zero_and_a_brighter_copy_by_its_angle() {
    let golden = golden("neighbours.json");
    let (queries, candidates) = (numbers(&golden["queries"]), numbers(&golden["candidates"]));
    let euclidean = nearest(&queries, &candidates, 6, Metric::Euclidean).expect("candidates");
    let cosine = nearest(&queries, &candidates, 6, Metric::Cosine).expect("candidates");
    assert_eq!((euclidean[3].index, euclidean[3].distance), (20, 0.0));
    assert_eq!((cosine[3].index, cosine[4].index), (20, 21));
    assert_near(cosine[4].distance, 0.0, 1e-12, "three times the vector has its direction");
    assert!(euclidean[4].distance > 1.0);
}

#[test]
fn of_equally_near_candidates_the_first_is_taken() {
    let candidates = [5.0, 5.0, 1.0, 0.0, 1.0, 0.0];
    for metric in [Metric::Cosine, Metric::Euclidean] {
        let found = nearest(&[1.0, 0.0], &candidates, 2, metric).expect("candidates");
        assert_eq!(found[0].index, 1, "{metric:?}");
    }
}

#[test]
fn a_vector_of_zeros_has_no_direction() {
    assert_near(Metric::Cosine.distance(&[0.0, 0.0], &[3.0, 1.0]), 1.0, 0.0, "zeros");
}

#[test]
fn without_candidates_there_is_no_neighbour() {
    assert_eq!(nearest(&[1.0, 2.0], &[], 2, Metric::Cosine), None);
}
