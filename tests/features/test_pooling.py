"""Statistics of rows, by NumPy in double precision."""

import numpy as np

from features.pooling import mean_and_std, mean_and_std_names


def test_mean_and_deviation_are_computed_in_double_precision() -> None:
    values = np.array([[1e4, 1.0], [1e4 + 1, 3.0]], np.float32).repeat(500, axis=0)
    found = mean_and_std(values)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [1e4 + 0.5, 2.0, 0.5, 1.0])
    assert mean_and_std_names(("f0", "energy")) == ("f0_mean", "energy_mean", "f0_std", "energy_std")
