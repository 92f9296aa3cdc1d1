//! What the data holds and what was left out.

use super::html::{escape, stage};
use super::view::DataView;

/// Counts in a table, reasons in a line.
pub(super) fn data(view: &DataView) -> String {
    let columns: String =
        view.columns.iter().map(|name| format!("<th>{}</th>", escape(name))).collect();
    let rows: String = view
        .rows
        .iter()
        .map(|(name, cells)| {
            let cells: String =
                cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
            format!("<tr><th>{}</th>{cells}</tr>", escape(name))
        })
        .collect();
    let reasons: Vec<String> =
        view.dropped.iter().map(|(reason, count)| format!("{count}: {}", escape(reason))).collect();
    let dropped = if reasons.is_empty() {
        "Nothing was left out.".to_owned()
    } else {
        format!("Left out: {}.", reasons.join("; "))
    };
    format!(
        "<h3>{}</h3><div class=\"scroll\"><table class=\"plain\"><thead><tr><th></th>{columns}</tr>\
         </thead><tbody>{rows}</tbody></table></div><p class=\"about\">{dropped}</p>",
        stage(view.stage)
    )
}
