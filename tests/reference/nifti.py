"""Small volumes as nibabel writes them, and what it reads of them.

Run with the packages of requirements-volumes.txt:

    python tests/reference/nifti.py

writes tests/golden/nifti/.
"""

import json
from pathlib import Path

import nibabel
import numpy as np

HERE = Path(__file__).resolve().parent.parent / "golden" / "nifti"
SHAPE = (5, 4, 3)


def affine(codes):
    """Axes that go to where the letters say, with unlike steps and a slight turn."""
    matrix = nibabel.orientations.inv_ornt_aff(
        nibabel.orientations.axcodes2ornt(tuple(codes)), SHAPE
    )
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]]
    return turn @ matrix @ np.diag([1.0, 1.5, 2.0, 1.0])


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    expected = {}

    def write(name, kind, codes, *, slope=1, inter=0, form="sform", version=1, order="<", series=0):
        shape = SHAPE + ((series,) if series else ())
        integer = np.issubdtype(np.dtype(kind), np.integer)
        raw = random.integers(0, 100, shape) if integer else random.normal(0, 10, shape)
        raw = raw.astype(kind)
        maker = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
        header = maker.header_class(endianness=order)
        header.set_data_dtype(np.dtype(kind).newbyteorder(order))
        image = maker(raw, None, header)
        matrix = affine(codes)
        image.set_sform(matrix if form == "sform" else None, code=int(form == "sform"))
        image.set_qform(matrix if form == "qform" else None, code=int(form == "qform"))
        image.header.set_slope_inter(slope, inter)
        path = HERE / name
        nibabel.save(image, path)
        read = nibabel.load(path)
        values = read.get_fdata()
        first = values[..., 0] if series else values
        # As nibabel turns it: to the right, to the front, up.
        turned = nibabel.as_closest_canonical(
            nibabel.Nifti1Image(first, read.affine)
        ).get_fdata()
        expected[name] = {
            "values": first.flatten(order="F").tolist(),
            "shape": list(first.shape),
            "axial": np.flip(turned, (0, 1)).transpose(2, 1, 0).tolist(),
            "coronal": np.flip(turned, (0, 2)).transpose(1, 2, 0).tolist(),
            "sagittal": np.flip(turned, (1, 2)).transpose(0, 2, 1).tolist(),
        }

    write("ras_i16.nii", "int16", "RAS")
    write("lps_u8.nii.gz", "uint8", "LPS", slope=2.5, inter=-40)
    write("pir_f32.nii.gz", "float32", "PIR", form="qform")
    write("asl_i32_big.nii", "int32", "ASL", order=">", form="qform")
    write("lia_f64_two.nii", "float64", "LIA", version=2)
    write("sar_u16_two.nii.gz", "uint16", "SAR", version=2, slope=0.5, inter=3, order=">")
    write("ras_i8_series.nii", "int8", "RAS", series=2)
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
