"""``python -m benchmarks.canary``: what the canary does with sends that are fine, and not."""

from __future__ import annotations

from outreach.engine.canary import CanaryPlan, simulate

RATES = (
    (0.005, 0.0002), (0.02, 0.001), (0.02, 0.002), (0.02, 0.003), (0.05, 0.0002), (0.05, 0.003),
    (0.1, 0.01),
)  # fmt: skip


def main() -> None:
    """Print halted, held, reached and complaints for sends of three sizes."""
    plan = CanaryPlan()
    print("recipients   bounces  complaints   halted    held   reached  complaints of it")
    for recipients in (5_000, 50_000, 500_000):
        for bounces, complaints in RATES:
            found = simulate(
                bounces, complaints, recipients=recipients, plan=plan,
                batch=max(100, recipients // 200), runs=20_000, seed=1,
            )  # fmt: skip
            print(
                f"{recipients:10,}  {bounces:8.1%}  {complaints:10.2%}  {found.halted:7.1%}  "
                f"{found.held:6.1%}  {found.sent:8.1%}  {found.harm:8.1f}"
            )


if __name__ == "__main__":
    main()
