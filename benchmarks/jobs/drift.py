"""What may have changed in a program between the recording and the work, and what may lie in wait there."""

from dataclasses import dataclass

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """How the program differs from the one that was recorded. The default does not differ."""

    name: str = "plain"
    scale: float = 1.0
    """Magnification of web pages (CSS zoom)."""
    dark: bool = False
    serif: bool = False
    larger_font: bool = False
    width: int = 1280
    """Of the screen, pixels."""
    height: int = 800
    banner: bool = False
    """A bar of 60 px above every page, which moves everything down."""
    cookie_bar: bool = False
    """A bar at the lower edge that lies over the page until its button is clicked."""
    modal: bool = False
    """A window over the page of each case, once a case, until it is closed."""
    slow: str = ""
    """``all``: every page takes :attr:`slow_s`; ``save``: only what is sent in does."""
    slow_s: float = 3.0
    session: str = ""
    """``opening`` or ``saving``: there a login page comes instead, once a case."""
    german: bool = False
    look: str = ""
    """Another look than the job's own."""
    trap: str = ""
    """One of :data:`TRAPS`."""


TRAPS = ("overlay", "look_alike", "login", "other_case", "error", "slow_save")
"""A destructive button over the target; a page that only looks like the case's; a login page in its place; another case's page; an
error page; a save that takes 10 s."""

DRIFTS = {
    drift.name: drift
    for drift in (
        Drift(),
        Drift(name="scale_90", scale=0.9),
        Drift(name="scale_110", scale=1.1),
        Drift(name="scale_125", scale=1.25),
        Drift(name="scale_150", scale=1.5),
        Drift(name="dark", dark=True),
        Drift(name="serif", serif=True),
        Drift(name="larger_font", larger_font=True),
        Drift(name="small_window", width=1024, height=700),
        Drift(name="banner", banner=True),
        Drift(name="cookie_bar", cookie_bar=True),
        Drift(name="modal", modal=True),
        Drift(name="slow", slow="all"),
        Drift(name="slow_saving", slow="save"),
        Drift(name="session_opening", session="opening"),
        Drift(name="session_saving", session="saving"),
        Drift(name="german", german=True),
        Drift(name="look_bootstrap", look="bootstrap"),
        Drift(name="look_material", look="material"),
        Drift(name="look_classic", look="classic"),
        *(
            Drift(name=f"trap_{trap}", trap=trap, slow="save" if trap == "slow_save" else "", slow_s=10.0)
            for trap in TRAPS
        ),
    )
}
"""Every drift and trap by its name."""


def drift_named(name: str) -> Drift:
    """Raises BadInput for a name that there is not."""
    if name not in DRIFTS:
        raise BadInput(f"there is no drift {name!r}", alternatives=list(DRIFTS))
    return DRIFTS[name]
