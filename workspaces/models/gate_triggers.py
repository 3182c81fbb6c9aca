"""The gate's rules as PostgreSQL triggers, so that no path around the services exists."""

from __future__ import annotations

import pgtrigger

TRANSITIONS: dict[str, tuple[str, ...]] = {
    "pending": ("approved", "rejected", "expired", "superseded", "cancelled"),
    "approved": ("executing", "pending", "cancelled", "expired"),
    "executing": ("executed", "failed", "approved", "pending"),
    "executed": ("reverted",),
}

# The kind whose execution is the brake itself: it must run while the brake is on.
STOP_KIND = "workspaces.stop"

_ALLOWED = ", ".join(f"('{old}', '{new}')" for old, news in TRANSITIONS.items() for new in news)

_REFUSE = "USING ERRCODE = 'check_violation'"

_COUNT = """
    SELECT count(*) FILTER (WHERE person_id IS NOT NULL),
           count(*) FILTER (WHERE person_id IS NULL)
      INTO by_people, by_policy
      FROM workspaces_signature
     WHERE plan_id = NEW.current_plan_id AND decision = 'approve' AND withdrawn_at IS NULL;
"""

_STATE = f"""
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'pending' THEN
            RAISE EXCEPTION 'a proposal starts as pending, not %', NEW.status {_REFUSE};
        END IF;
        IF NEW.current_plan_id IS NOT NULL THEN
            RAISE EXCEPTION 'the plan belongs to another proposal' {_REFUSE};
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.workspace_id, NEW.kind, NEW.subject_key, NEW.proposer_type, NEW.proposer_key,
           NEW.proposed_by_id, NEW.public_id)
       IS DISTINCT FROM
       ROW(OLD.workspace_id, OLD.kind, OLD.subject_key, OLD.proposer_type, OLD.proposer_key,
           OLD.proposed_by_id, OLD.public_id) THEN
        RAISE EXCEPTION 'workspace, kind, subject and proposer of a proposal are fixed' {_REFUSE};
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN ({_ALLOWED}) THEN
        RAISE EXCEPTION 'a proposal cannot go from % to %', OLD.status, NEW.status {_REFUSE};
    END IF;
    IF NEW.current_plan_id IS DISTINCT FROM OLD.current_plan_id THEN
        IF NEW.status <> 'pending' THEN
            RAISE EXCEPTION 'a new plan starts unsigned: the proposal must be pending' {_REFUSE};
        END IF;
        IF NOT EXISTS (SELECT 1 FROM workspaces_plan
                        WHERE id = NEW.current_plan_id AND proposal_id = NEW.id) THEN
            RAISE EXCEPTION 'the plan belongs to another proposal' {_REFUSE};
        END IF;
    END IF;
    IF NEW.status = 'approved' OR (NEW.status = 'executing' AND OLD.status <> 'executing') THEN
        SELECT signatures_required INTO needed
          FROM workspaces_plan WHERE id = NEW.current_plan_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no plan to sign yet' {_REFUSE};
        END IF;
        {_COUNT}
        IF by_policy = 0 AND by_people < needed THEN
            RAISE EXCEPTION 'the current plan has % of % signatures', by_people, needed {_REFUSE};
        END IF;
    END IF;
    IF NEW.status = 'executing' AND OLD.status <> 'executing' AND NEW.kind <> '{STOP_KIND}'
       AND EXISTS (SELECT 1 FROM workspaces_workspace WHERE id = NEW.workspace_id AND kill_switch)
    THEN
        RAISE EXCEPTION 'the kill switch of this workspace is on' {_REFUSE};
    END IF;
    RETURN NEW;
"""

PROPOSAL = [
    pgtrigger.Trigger(
        name="state_machine",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[
            ("needed", "int"),
            ("by_people", "int"),
            ("by_policy", "int"),
        ],
        func=_STATE,
    ),
    pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
]

PLAN_HASH = pgtrigger.Trigger(
    name="hash_matches",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
    IF NEW.sha256 <> encode(sha256(convert_to(NEW.body, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'the hash is not that of the plan' {_REFUSE};
    END IF;
    RETURN NEW;
    """,
)

# What is erased with a person: nothing else of a plan ever changes, and nothing comes back.
PLAN_REDACTED = pgtrigger.Trigger(
    name="redact_only",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    declare=[("state", "text")],
    func=f"""
    IF NEW.body <> '' OR NEW.evidence <> '{{}}'::jsonb OR NEW.predicted IS NOT NULL OR NEW.why <> ''
       OR to_jsonb(NEW) - ARRAY['body', 'evidence', 'predicted', 'why']
          IS DISTINCT FROM to_jsonb(OLD) - ARRAY['body', 'evidence', 'predicted', 'why'] THEN
        RAISE EXCEPTION 'a plan is never changed, only emptied' {_REFUSE};
    END IF;
    SELECT status INTO state FROM workspaces_proposal WHERE id = NEW.proposal_id;
    IF state IN ('pending', 'approved', 'executing') THEN
        RAISE EXCEPTION 'a plan that may still run is not emptied' {_REFUSE};
    END IF;
    RETURN NEW;
    """,
)

_SIGN = f"""
    SELECT * INTO plan FROM workspaces_plan WHERE id = NEW.plan_id;
    SELECT * INTO proposal FROM workspaces_proposal WHERE id = plan.proposal_id;
    IF proposal.current_plan_id IS DISTINCT FROM NEW.plan_id THEN
        RAISE EXCEPTION 'only the current plan can be signed' {_REFUSE};
    END IF;
    IF proposal.status <> 'pending' THEN
        RAISE EXCEPTION 'the proposal is %, not pending', proposal.status {_REFUSE};
    END IF;
    IF NEW.person_id IS NULL THEN
        IF NOT plan.policy_may_sign OR NEW.decision <> 'approve' THEN
            RAISE EXCEPTION 'policy may not sign this plan' {_REFUSE};
        END IF;
        RETURN NEW;
    END IF;
    SELECT array_position(ranks, plan.rank_required::text) INTO needed;
    IF coalesce(array_position(ranks, NEW.rank_held::text), 0) < needed THEN
        RAISE EXCEPTION 'signing this needs the rank of %', plan.rank_required {_REFUSE};
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM workspaces_membership m
         WHERE m.workspace_id = proposal.workspace_id AND m.user_id = NEW.person_id
           AND (m.role = NEW.rank_held OR EXISTS (
               SELECT 1 FROM workspaces_delegation d
                 JOIN workspaces_membership g
                   ON g.workspace_id = d.workspace_id AND g.user_id = d.giver_id
                WHERE d.workspace_id = m.workspace_id AND d.taker_id = m.user_id
                  AND d.giver_id IS DISTINCT FROM proposal.proposed_by_id
                  AND d.starts_at <= NEW.at AND NEW.at < d.ends_at AND g.role = NEW.rank_held))
    ) THEN
        RAISE EXCEPTION 'the signer does not hold the rank of %', NEW.rank_held {_REFUSE};
    END IF;
    IF NEW.decision = 'reject' THEN
        RETURN NEW;
    END IF;
    IF plan.is_blocked THEN
        RAISE EXCEPTION 'a rule forbids this plan as it stands' {_REFUSE};
    END IF;
    IF NEW.person_id = proposal.proposed_by_id THEN
        RAISE EXCEPTION 'who proposed cannot sign' {_REFUSE};
    END IF;
    IF EXISTS (SELECT 1 FROM workspaces_plan e
                WHERE e.proposal_id = proposal.id AND e.edited_by_id = NEW.person_id
                  AND (plan.signatures_required > 1 OR NOT e.editor_may_sign)) THEN
        RAISE EXCEPTION 'who edited cannot sign this plan' {_REFUSE};
    END IF;
    RETURN NEW;
"""

SIGNATURE = [
    pgtrigger.Trigger(
        name="may_sign",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[
            ("plan", "workspaces_plan%ROWTYPE"),
            ("proposal", "workspaces_proposal%ROWTYPE"),
            ("needed", "int"),
            ("ranks", "text[] := ARRAY['viewer', 'agent', 'operator', 'approver', 'admin']"),
        ],
        func=_SIGN,
    ),
    pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
    pgtrigger.Trigger(
        name="withdraw_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        declare=[("state", "text")],
        func=f"""
    IF ROW(NEW.plan_id, NEW.person_id, NEW.policy_version, NEW.decision, NEW.rank_held, NEW.why,
           NEW.at)
       IS DISTINCT FROM
       ROW(OLD.plan_id, OLD.person_id, OLD.policy_version, OLD.decision, OLD.rank_held, OLD.why,
           OLD.at) OR OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'a signature can only be withdrawn' {_REFUSE};
    END IF;
    SELECT p.status INTO state FROM workspaces_proposal p
      JOIN workspaces_plan l ON l.proposal_id = p.id WHERE l.id = NEW.plan_id;
    IF state NOT IN ('pending', 'approved') THEN
        RAISE EXCEPTION 'too late to withdraw: the proposal is %', state {_REFUSE};
    END IF;
    RETURN NEW;
    """,
    ),
]

ATTEMPT = [
    pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
    pgtrigger.Trigger(
        name="frozen_once_settled",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Q(old__settled_at__isnull=False),
        # The platform's answer alone may be emptied later, when its time of storage is over.
        func=f"""
    IF NEW.response <> '{{}}'::jsonb
       OR ROW(NEW.plan_id, NEW.number, NEW.worker, NEW.started_at, NEW.call_sent_at,
              NEW.settled_at, NEW.outcome, NEW.error_kind, NEW.error, NEW.request_id, NEW.facts)
          IS DISTINCT FROM
          ROW(OLD.plan_id, OLD.number, OLD.worker, OLD.started_at, OLD.call_sent_at,
              OLD.settled_at, OLD.outcome, OLD.error_kind, OLD.error, OLD.request_id, OLD.facts)
    THEN
        RAISE EXCEPTION 'a settled attempt is frozen' {_REFUSE};
    END IF;
    RETURN NEW;
    """,
    ),
]
