"""Keys that hold both ends in one workspace."""

from django.db import migrations

# Dropped with the tables on the way back.
SAME_WORKSPACE = """
-- What was drawn belongs to a user of its own workspace.
ALTER TABLE mlops_worldtruth ADD CONSTRAINT mlops_truth_install
    FOREIGN KEY (workspace_id, install_id) REFERENCES attribution_userinstall (workspace_id, id);
-- Bytes and promotions belong to a version of their own workspace; bytes to what it says of them.
ALTER TABLE mlops_modelartefact ADD CONSTRAINT mlops_modelartefact_version
    FOREIGN KEY (workspace_id, version_id, sha256, size_bytes)
    REFERENCES mlops_modelversion (workspace_id, id, sha256, size_bytes);
ALTER TABLE mlops_promotion ADD CONSTRAINT mlops_promotion_version
    FOREIGN KEY (workspace_id, version_id) REFERENCES mlops_modelversion (workspace_id, id);
ALTER TABLE mlops_promotion ADD CONSTRAINT mlops_promotion_replaced
    FOREIGN KEY (workspace_id, replaced_id) REFERENCES mlops_modelversion (workspace_id, id);
-- A prediction belongs to a version of its own workspace.
ALTER TABLE mlops_modelprediction ADD CONSTRAINT mlops_modelprediction_version
    FOREIGN KEY (workspace_id, version_id) REFERENCES mlops_modelversion (workspace_id, id);
-- What is said of a version and of a user stays in their workspace; scores go with their user.
ALTER TABLE mlops_userscore ADD CONSTRAINT mlops_userscore_version
    FOREIGN KEY (workspace_id, version_id) REFERENCES mlops_modelversion (workspace_id, id);
ALTER TABLE mlops_userscore ADD CONSTRAINT mlops_userscore_install
    FOREIGN KEY (workspace_id, install_id) REFERENCES attribution_userinstall (workspace_id, id)
    ON DELETE CASCADE;
ALTER TABLE mlops_scoreday ADD CONSTRAINT mlops_scoreday_version
    FOREIGN KEY (workspace_id, version_id) REFERENCES mlops_modelversion (workspace_id, id);
ALTER TABLE mlops_shadowreport ADD CONSTRAINT mlops_shadowreport_version
    FOREIGN KEY (workspace_id, version_id) REFERENCES mlops_modelversion (workspace_id, id);
ALTER TABLE mlops_shadowreport ADD CONSTRAINT mlops_shadowreport_champion
    FOREIGN KEY (workspace_id, champion_id) REFERENCES mlops_modelversion (workspace_id, id);
ALTER TABLE mlops_driftreport ADD CONSTRAINT mlops_driftreport_version
    FOREIGN KEY (workspace_id, version_id) REFERENCES mlops_modelversion (workspace_id, id);
-- Rows of a batch belong to a sync, and a sync to a model, of their own workspace.
ALTER TABLE mlops_syncrun ADD CONSTRAINT mlops_syncrun_model_version
    FOREIGN KEY (workspace_id, model_version_id) REFERENCES mlops_modelversion (workspace_id, id);
ALTER TABLE mlops_roiforecast ADD CONSTRAINT mlops_roiforecast_run
    FOREIGN KEY (workspace_id, run_id) REFERENCES mlops_syncrun (workspace_id, id);
ALTER TABLE mlops_roitimeseries ADD CONSTRAINT mlops_roitimeseries_run
    FOREIGN KEY (workspace_id, run_id) REFERENCES mlops_syncrun (workspace_id, id);
ALTER TABLE mlops_reachctrtimeseries ADD CONSTRAINT mlops_reachctrtimeseries_run
    FOREIGN KEY (workspace_id, run_id) REFERENCES mlops_syncrun (workspace_id, id);
ALTER TABLE mlops_budgetrecommendation ADD CONSTRAINT mlops_budgetrecommendation_run
    FOREIGN KEY (workspace_id, run_id) REFERENCES mlops_syncrun (workspace_id, id);
ALTER TABLE mlops_mldashboard ADD CONSTRAINT mlops_mldashboard_run
    FOREIGN KEY (workspace_id, run_id) REFERENCES mlops_syncrun (workspace_id, id);
-- What is said of a version and of a campaign stays in their workspace; scores go with their campaign.
ALTER TABLE mlops_campaignscore ADD CONSTRAINT mlops_campaignscore_version
    FOREIGN KEY (workspace_id, version_id) REFERENCES mlops_modelversion (workspace_id, id);
ALTER TABLE mlops_campaignscore ADD CONSTRAINT mlops_campaignscore_campaign
    FOREIGN KEY (workspace_id, campaign_id) REFERENCES campaigns_campaign (workspace_id, id)
    ON DELETE CASCADE;
-- Both versions of a canary are of its workspace.
ALTER TABLE mlops_canary ADD CONSTRAINT mlops_canary_version
    FOREIGN KEY (workspace_id, version_id) REFERENCES mlops_modelversion (workspace_id, id);
ALTER TABLE mlops_canary ADD CONSTRAINT mlops_canary_champion
    FOREIGN KEY (workspace_id, champion_id) REFERENCES mlops_modelversion (workspace_id, id);
"""


class Migration(migrations.Migration):
    replaces = [("mlops", "0002_world")]

    # The last of those replaced: a database that stands amid them is refused.
    dependencies = [("mlops", "0011_canary")]

    operations = [
        migrations.RunSQL(SAME_WORKSPACE, migrations.RunSQL.noop),
    ]
