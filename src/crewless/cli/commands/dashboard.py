"""Watch runs in a browser: a live floor map of the fleet, events, progress."""

from crewless.dashboard import DashboardConfig

GROUP = "tools"


def run(config: DashboardConfig) -> int:
    """Serve until Ctrl-C."""
    from crewless.dashboard import Dashboard

    dashboard = Dashboard(config)
    print(f"dashboard    {dashboard.address}", flush=True)
    try:
        dashboard.wait()
    finally:
        dashboard.stop()
    return 0
