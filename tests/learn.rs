//! What a user relies on in networks and their training: they compute what they are said to, and
//! a training gives the same bytes however it came to its end.

#[path = "learn/augment.rs"]
mod augment;
#[path = "learn/channels.rs"]
mod channels;
#[path = "learn/classifier_training.rs"]
mod classifier_training;
#[path = "learn/gan_training.rs"]
mod gan_training;
#[path = "learn/kernels.rs"]
mod kernels;
#[path = "learn/penalty.rs"]
mod penalty;
#[path = "learn/support.rs"]
mod support;
#[path = "learn/views.rs"]
mod views;
