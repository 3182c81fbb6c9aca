"""Keys that hold both ends in one workspace."""

from django.db import migrations

# Dropped with the tables on the way back.
SAME_WORKSPACE = """
-- A part and its whole belong to one workspace.
ALTER TABLE campaigns_marketingchannel ADD CONSTRAINT campaigns_channel_whole
    FOREIGN KEY (workspace_id, rolls_up_to_id)
    REFERENCES campaigns_marketingchannel (workspace_id, id);
"""


class Migration(migrations.Migration):
    replaces = [("campaigns", "0003_channels")]

    dependencies = [("campaigns", "0002_change_views")]

    operations = [
        migrations.RunSQL(SAME_WORKSPACE, migrations.RunSQL.noop),
    ]
