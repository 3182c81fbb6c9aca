"""Keys that hold both ends in one workspace."""

from django.db import migrations

# Dropped with the tables on the way back.
SAME_WORKSPACE = """
-- Rows of a test are of its workspace, and so are the site and the metrics that it uses.
ALTER TABLE experiments_abtest ADD CONSTRAINT experiments_abtest_layer
    FOREIGN KEY (workspace_id, layer_id) REFERENCES experiments_layer (workspace_id, id);
ALTER TABLE experiments_abtest ADD CONSTRAINT experiments_abtest_winner_of
    FOREIGN KEY (workspace_id, winner_id) REFERENCES experiments_abtestvariant (workspace_id, id);
ALTER TABLE experiments_abtestvariant ADD CONSTRAINT experiments_abtestvariant_test
    FOREIGN KEY (workspace_id, test_id) REFERENCES experiments_abtest (workspace_id, id);
ALTER TABLE experiments_websiteabtest ADD CONSTRAINT experiments_websiteabtest_test
    FOREIGN KEY (workspace_id, test_id) REFERENCES experiments_abtest (workspace_id, id);
ALTER TABLE experiments_websiteabtest ADD CONSTRAINT experiments_websiteabtest_site
    FOREIGN KEY (workspace_id, site_id) REFERENCES attribution_site (workspace_id, id);
ALTER TABLE experiments_abtestallocation ADD CONSTRAINT experiments_abtestallocation_test
    FOREIGN KEY (workspace_id, test_id) REFERENCES experiments_abtest (workspace_id, id);
ALTER TABLE experiments_abtestchange ADD CONSTRAINT experiments_abtestchange_test
    FOREIGN KEY (workspace_id, test_id) REFERENCES experiments_abtest (workspace_id, id);
ALTER TABLE experiments_abtestchange ADD CONSTRAINT experiments_abtestchange_variant
    FOREIGN KEY (workspace_id, variant_id) REFERENCES experiments_abtestvariant (workspace_id, id);
ALTER TABLE experiments_abtestmetric ADD CONSTRAINT experiments_abtestmetric_test
    FOREIGN KEY (workspace_id, test_id) REFERENCES experiments_abtest (workspace_id, id);
ALTER TABLE experiments_abtestmetric ADD CONSTRAINT experiments_abtestmetric_metric
    FOREIGN KEY (workspace_id, metric_id) REFERENCES experiments_metric (workspace_id, id);
ALTER TABLE experiments_exposure ADD CONSTRAINT experiments_exposure_test
    FOREIGN KEY (workspace_id, test_id) REFERENCES experiments_abtest (workspace_id, id);
ALTER TABLE experiments_exposure ADD CONSTRAINT experiments_exposure_variant
    FOREIGN KEY (workspace_id, variant_id) REFERENCES experiments_abtestvariant (workspace_id, id);
ALTER TABLE experiments_unitoutcome ADD CONSTRAINT experiments_unitoutcome_metric
    FOREIGN KEY (workspace_id, metric_id) REFERENCES experiments_metric (workspace_id, id);
ALTER TABLE experiments_metricday ADD CONSTRAINT experiments_metricday_variant
    FOREIGN KEY (workspace_id, variant_id) REFERENCES experiments_abtestvariant (workspace_id, id);
ALTER TABLE experiments_metricday ADD CONSTRAINT experiments_metricday_metric
    FOREIGN KEY (workspace_id, metric_id) REFERENCES experiments_metric (workspace_id, id);
ALTER TABLE experiments_exposureday ADD CONSTRAINT experiments_exposureday_variant
    FOREIGN KEY (workspace_id, variant_id) REFERENCES experiments_abtestvariant (workspace_id, id);
ALTER TABLE experiments_unitevent ADD CONSTRAINT experiments_unitevent_workspace
    FOREIGN KEY (workspace_id) REFERENCES workspaces_workspace (id);
ALTER TABLE experiments_rollout ADD CONSTRAINT experiments_rollout_test
    FOREIGN KEY (workspace_id, test_id) REFERENCES experiments_abtest (workspace_id, id);
ALTER TABLE experiments_rollout ADD CONSTRAINT experiments_rollout_variant
    FOREIGN KEY (workspace_id, variant_id) REFERENCES experiments_abtestvariant (workspace_id, id);
-- Rows of a practice are of its workspace, and so is the test that speaks of it.
ALTER TABLE experiments_practiceversion ADD CONSTRAINT experiments_practiceversion_practice
    FOREIGN KEY (workspace_id, practice_id) REFERENCES experiments_bestpractice (workspace_id, id);
ALTER TABLE experiments_practiceevidence ADD CONSTRAINT experiments_practiceevidence_practice
    FOREIGN KEY (workspace_id, practice_id) REFERENCES experiments_bestpractice (workspace_id, id);
ALTER TABLE experiments_practiceevidence ADD CONSTRAINT experiments_practiceevidence_test
    FOREIGN KEY (workspace_id, test_id) REFERENCES experiments_abtest (workspace_id, id);
ALTER TABLE experiments_practiceuse ADD CONSTRAINT experiments_practiceuse_practice
    FOREIGN KEY (workspace_id, practice_id) REFERENCES experiments_bestpractice (workspace_id, id);
"""


class Migration(migrations.Migration):
    replaces = [("experiments", "0004_practices")]

    dependencies = [("experiments", "0002_bucket")]

    operations = [
        migrations.RunSQL(SAME_WORKSPACE, migrations.RunSQL.noop),
    ]
