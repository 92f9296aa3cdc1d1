//! What a user relies on in the statistics: they are what scikit-learn and pROC call by the same
//! names, and they say so where there is nothing to say.

#[path = "measure/delong.rs"]
mod delong;
#[path = "measure/honesty.rs"]
mod honesty;
#[path = "measure/neighbours.rs"]
mod neighbours;
#[path = "measure/roc.rs"]
mod roc;
#[path = "measure/support.rs"]
mod support;
