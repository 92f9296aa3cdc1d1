//! What the classes of the published data sets are called, as `medmnist` 3.0.2 lists them.

use std::path::Path;

const ORGANS: &[&str] = &[
    "bladder",
    "femur-left",
    "femur-right",
    "heart",
    "kidney-left",
    "kidney-right",
    "liver",
    "lung-left",
    "lung-right",
    "pancreas",
    "spleen",
];

const PUBLISHED: [(&str, &[&str]); 12] = [
    (
        "pathmnist",
        &[
            "adipose",
            "background",
            "debris",
            "lymphocytes",
            "mucus",
            "smooth muscle",
            "normal colon mucosa",
            "cancer-associated stroma",
            "colorectal adenocarcinoma epithelium",
        ],
    ),
    (
        "chestmnist",
        &[
            "atelectasis",
            "cardiomegaly",
            "effusion",
            "infiltration",
            "mass",
            "nodule",
            "pneumonia",
            "pneumothorax",
            "consolidation",
            "edema",
            "emphysema",
            "fibrosis",
            "pleural",
            "hernia",
        ],
    ),
    (
        "dermamnist",
        &[
            "actinic keratoses and intraepithelial carcinoma",
            "basal cell carcinoma",
            "benign keratosis-like lesions",
            "dermatofibroma",
            "melanoma",
            "melanocytic nevi",
            "vascular lesions",
        ],
    ),
    ("octmnist", &["choroidal neovascularization", "diabetic macular edema", "drusen", "normal"]),
    ("pneumoniamnist", &["normal", "pneumonia"]),
    ("retinamnist", &["0", "1", "2", "3", "4"]),
    ("breastmnist", &["malignant", "normal, benign"]),
    (
        "bloodmnist",
        &[
            "basophil",
            "eosinophil",
            "erythroblast",
            "immature granulocytes(myelocytes, metamyelocytes and promyelocytes)",
            "lymphocyte",
            "monocyte",
            "neutrophil",
            "platelet",
        ],
    ),
    (
        "tissuemnist",
        &[
            "Collecting Duct, Connecting Tubule",
            "Distal Convoluted Tubule",
            "Glomerular endothelial cells",
            "Interstitial endothelial cells",
            "Leukocytes",
            "Podocytes",
            "Proximal Tubule Segments",
            "Thick Ascending Limb",
        ],
    ),
    ("organamnist", ORGANS),
    ("organcmnist", ORGANS),
    ("organsmnist", ORGANS),
];

/// The names for `pathmnist.npz`, `pathmnist_128.npz` or a folder `pathmnist`.
pub(super) fn published(path: &Path) -> Option<Vec<String>> {
    let stem = path.file_stem()?.to_str()?;
    let flag = stem.split('_').next()?;
    let (_, names) = PUBLISHED.iter().find(|(known, _)| *known == flag)?;
    Some(names.iter().map(|&name| name.to_owned()).collect())
}
