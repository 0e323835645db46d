"""Videos watched while they come, a slice of `make simulate-streams`."""

import pytest

from simulation.streaming import SCENES, steady


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("scene", list(SCENES))
def test_scenes_keep_their_bounds(scene: str, seed: int) -> None:
    result = SCENES[scene](seed)
    assert not result.problems, f"make simulate-streams SCENE={scene} SEED={seed}"
    assert result.overhead < 1.15


def test_a_seek_is_as_fast_as_the_line() -> None:
    """A piece takes 0.35 s from all three together, behind half a second that is in their channels."""
    sought = SCENES["seeking"](1).sought
    assert len(sought) == 6
    assert sorted(sought)[3] < 1.5


def test_a_scene_repeats_itself() -> None:
    assert steady(7).trace == steady(7).trace
