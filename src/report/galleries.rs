//! Images: real and synthetic by class, and nearest neighbours.

use super::html::{escape, images, stage};
use super::images::strip;
use super::view::{GalleryView, NeighboursView};

/// Real images above the synthetic ones with the same labels, class by class.
pub(super) fn gallery(view: &GalleryView) -> String {
    let size = view.raster.bytes().max(1);
    let mut body = format!("<h3>{}</h3><div class=\"gallery\">", stage(view.stage));
    for class in &view.classes {
        let row = |pixels: &[u8], what: &str, maker: Option<usize>| {
            let parts: Vec<&[u8]> = pixels.chunks(size).collect();
            let description = format!("{} {what} images: {}", parts.len(), class.name);
            let image = images(maker, &strip(&parts, view.raster, &description));
            format!("<div class=\"row\"><span class=\"tag\">{what}</span>{image}</div>")
        };
        body.push_str(&format!(
            "<figure><figcaption>{}</figcaption>{}{}</figure>",
            escape(&class.name),
            row(&class.real, "real", None),
            row(&class.synthetic, "synthetic", Some(view.stage))
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
            strip(&[bytes], view.raster, &description)
        };
        // An image that is near to one of the data may be as good as a copy of it.
        let pair_of_images = format!(
            "<div title=\"synthetic: {}; real: {}\">{}{}</div>",
            escape(&pair.labels),
            escape(&pair.real_labels),
            image(&pair.synthetic, "synthetic", &pair.labels),
            image(&pair.real, "nearest real", &pair.real_labels),
        );
        body.push_str(&format!(
            "<figure>{}<figcaption>{:.3}</figcaption></figure>",
            images(None, &pair_of_images),
            pair.distance
        ));
    }
    body.push_str("</div>");
    body
}
