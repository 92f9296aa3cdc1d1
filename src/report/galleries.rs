//! Images: real and synthetic by class, and nearest neighbours.

use super::html::{escape, stage};
use super::images::{scale, strip};
use super::view::{GalleryView, NeighboursView};

/// Real images above the synthetic ones with the same labels, class by class.
pub(super) fn gallery(view: &GalleryView) -> String {
    let size = view.side * view.side;
    let mut body = format!("<h3>{}</h3><div class=\"gallery\">", stage(view.stage));
    for class in &view.classes {
        let row = |images: &[u8], what: &str| {
            let parts: Vec<&[u8]> = images.chunks(size).collect();
            let description = format!("{} {what} images: {}", parts.len(), class.name);
            let image = strip(&parts, view.side, scale(view.side), &description);
            format!("<div class=\"row\"><span class=\"tag\">{what}</span>{image}</div>")
        };
        body.push_str(&format!(
            "<figure><figcaption>{}</figcaption>{}{}</figure>",
            escape(&class.name),
            row(&class.real, "real"),
            row(&class.synthetic, "synthetic")
        ));
    }
    body.push_str("</div>");
    body
}

/// Each synthetic image above its nearest real one.
pub(super) fn neighbours(view: &NeighboursView) -> String {
    let mut body = format!(
        "<h3>{}</h3><p class=\"about\">{} distance between the classifier's features; {} real \
         images searched.</p><div class=\"pairs\">",
        stage(view.stage),
        escape(&view.metric),
        view.searched
    );
    for pair in &view.pairs {
        let image = |bytes: &[u8], what: &str, labels: &str| {
            let description = format!("{what}: {labels}");
            strip(&[bytes], view.side, scale(view.side), &description)
        };
        body.push_str(&format!(
            "<figure title=\"synthetic: {}; real: {}\">{}{}<figcaption>{:.3}</figcaption></figure>",
            escape(&pair.labels),
            escape(&pair.real_labels),
            image(&pair.synthetic, "synthetic", &pair.labels),
            image(&pair.real, "nearest real", &pair.real_labels),
            pair.distance
        ));
    }
    body.push_str("</div>");
    body
}
