import numpy as np

from crewless.body.screen.settling import SettleConfig, Settling

PERIOD_S = 1 / 36
CONFIG = SettleConfig()


def mask(tiles: int, at: int = 0) -> np.ndarray:
    found = np.zeros((50, 80), dtype=bool)
    found.ravel()[at : at + tiles] = True
    return found


def quiet_at(settling: Settling, changes: dict[int, np.ndarray], frames: int = 400) -> int | None:
    """Play frames 1, 2, ... after time 0; the first frame at which the screen is quiet."""
    for index in range(1, frames):
        if settling.see(index * PERIOD_S, changes.get(index)):
            return index
    return None


def test_without_a_change_the_first_one_is_waited_for() -> None:
    settling = Settling(config=CONFIG, start_s=0.0, sent_s=0.0)
    assert quiet_at(settling, {}) == 9  # 9 / 36 = 0.25 s
    assert settling.changed_s is None
    assert settling.changed_tiles == 0


def test_without_an_expected_change_only_quiet_is_waited_for() -> None:
    assert quiet_at(Settling(config=CONFIG, start_s=0.0, sent_s=0.0, expects_change=False), {}) == 5  # 0.12 s


def test_quiet_is_counted_from_the_last_change() -> None:
    settling = Settling(config=CONFIG, start_s=0.0, sent_s=0.0)
    assert quiet_at(settling, {2: mask(20), 6: mask(20, 10)}) == 11
    assert settling.changed_s == 2 * PERIOD_S
    assert settling.changed_tiles == 30


def test_a_page_that_comes_late_is_waited_for_after_a_click() -> None:
    """The measured click on a link: the link changes at 21 ms, the page at 233 ms."""
    changes = {1: mask(4), 9: mask(2000)}
    with_grace = Settling(config=CONFIG, start_s=0.0, sent_s=0.0, grace_s=CONFIG.grace_s)
    assert quiet_at(with_grace, changes) == 14
    assert with_grace.changed_tiles == 2000
    assert quiet_at(Settling(config=CONFIG, start_s=0.0, sent_s=0.0), changes) == 6


def test_a_page_that_has_come_ends_the_grace() -> None:
    settling = Settling(config=CONFIG, start_s=0.0, sent_s=0.0, grace_s=5.0)
    assert quiet_at(settling, {2: mask(2000)}) == 7


def test_a_spinner_does_not_keep_the_screen_from_settling() -> None:
    spinner = {index: mask(4) for index in range(1, 400)}
    frame = quiet_at(Settling(config=CONFIG, start_s=0.0, sent_s=0.0), spinner)
    assert frame is not None
    assert frame * PERIOD_S <= CONFIG.small_s + CONFIG.quiet_s + 2 * PERIOD_S


def test_a_film_keeps_the_screen_from_settling() -> None:
    film = {index: mask(500) for index in range(1, 400)}
    assert quiet_at(Settling(config=CONFIG, start_s=0.0, sent_s=0.0), film) is None


def test_restless_tiles_do_not_count_as_the_answer() -> None:
    caret = {index: mask(2) for index in range(1, 400, 18)}
    settling = Settling(config=CONFIG, start_s=0.0, sent_s=0.0, restless=mask(2))
    assert quiet_at(settling, caret) == 9
    assert settling.changed_s is None


def test_nothing_is_quiet_while_controls_are_still_being_sent() -> None:
    settling = Settling(config=CONFIG, start_s=0.0)
    assert quiet_at(settling, {1: mask(20)}) is None
    settling.sent_s = 400 * PERIOD_S
    assert not settling.see(401 * PERIOD_S, None)
    assert settling.see(405 * PERIOD_S, None)
