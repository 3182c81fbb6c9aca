"""Keys that hold both ends in one workspace, and triggers that hold what no key can."""

from django.db import migrations

# Dropped with the tables on the way back.
SAME_WORKSPACE = """
-- What a row points to belongs to the row's workspace.
ALTER TABLE attribution_funneldefinition ADD CONSTRAINT attribution_funnel_site
    FOREIGN KEY (workspace_id, site_id) REFERENCES attribution_site (workspace_id, id);
ALTER TABLE attribution_funnelentry ADD CONSTRAINT attribution_entry_funnel
    FOREIGN KEY (workspace_id, funnel_id)
    REFERENCES attribution_funneldefinition (workspace_id, id);
ALTER TABLE attribution_funnelanalytics ADD CONSTRAINT attribution_funnelday_funnel
    FOREIGN KEY (workspace_id, funnel_id)
    REFERENCES attribution_funneldefinition (workspace_id, id);
ALTER TABLE attribution_funnelalert ADD CONSTRAINT attribution_funnelalert_funnel
    FOREIGN KEY (workspace_id, funnel_id)
    REFERENCES attribution_funneldefinition (workspace_id, id);
ALTER TABLE attribution_savedcohortmember ADD CONSTRAINT attribution_cohortmember_cohort
    FOREIGN KEY (workspace_id, cohort_id) REFERENCES attribution_savedcohort (workspace_id, id);
"""
# A key is looked up once per row; these look once per statement. Raised as keys' refusals are.
REFUSE = "USING ERRCODE = 'foreign_key_violation'"
SESSIONS = f"""
CREATE FUNCTION attribution_usersession_known() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT workspace_id, install_id FROM fresh) s
              WHERE NOT EXISTS (SELECT FROM attribution_userinstall i
                                 WHERE i.id = s.install_id AND i.workspace_id = s.workspace_id))
  THEN RAISE EXCEPTION 'a session is of no user of its workspace' {REFUSE};
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION attribution_userinstall_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM gone JOIN attribution_usersession s ON s.install_id = gone.id)
  THEN RAISE EXCEPTION 'a user has sessions; delete those first' {REFUSE};
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER attribution_usersession_added AFTER INSERT ON attribution_usersession
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
    EXECUTE FUNCTION attribution_usersession_known();
CREATE TRIGGER attribution_usersession_changed AFTER UPDATE ON attribution_usersession
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
    EXECUTE FUNCTION attribution_usersession_known();
CREATE TRIGGER attribution_userinstall_deleted AFTER DELETE ON attribution_userinstall
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
    EXECUTE FUNCTION attribution_userinstall_kept();
"""
NO_SESSIONS = """
DROP TRIGGER attribution_usersession_added ON attribution_usersession;
DROP TRIGGER attribution_usersession_changed ON attribution_usersession;
DROP TRIGGER attribution_userinstall_deleted ON attribution_userinstall;
DROP FUNCTION attribution_usersession_known();
DROP FUNCTION attribution_userinstall_kept();
"""
INSTALLS = f"""
CREATE FUNCTION attribution_userinstall_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT workspace_id, campaign_id, creative_id, ad_id FROM fresh) f
      LEFT JOIN campaigns_campaign c ON c.id = f.campaign_id AND c.workspace_id = f.workspace_id
      LEFT JOIN campaigns_creative v ON v.id = f.creative_id AND v.workspace_id = f.workspace_id
      LEFT JOIN campaigns_ad a ON a.id = f.ad_id AND a.campaign_id = f.campaign_id
     WHERE (f.campaign_id IS NOT NULL AND c.id IS NULL)
        OR (f.creative_id IS NOT NULL AND v.id IS NULL)
        OR (f.ad_id IS NOT NULL AND a.id IS NULL))
  THEN RAISE EXCEPTION 'campaign, creative and ad of an install do not fit together' {REFUSE};
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER attribution_userinstall_added AFTER INSERT ON attribution_userinstall
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
    EXECUTE FUNCTION attribution_userinstall_fits();
CREATE TRIGGER attribution_userinstall_changed AFTER UPDATE ON attribution_userinstall
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
    EXECUTE FUNCTION attribution_userinstall_fits();
"""
NO_INSTALLS = """
DROP TRIGGER attribution_userinstall_added ON attribution_userinstall;
DROP TRIGGER attribution_userinstall_changed ON attribution_userinstall;
DROP FUNCTION attribution_userinstall_fits();
"""


class Migration(migrations.Migration):
    replaces = [("attribution", "0005_funnels")]

    dependencies = [("attribution", "0003_click_views")]

    operations = [
        migrations.RunSQL(SAME_WORKSPACE, migrations.RunSQL.noop),
        migrations.RunSQL(SESSIONS, NO_SESSIONS),
        migrations.RunSQL(INSTALLS, NO_INSTALLS),
    ]
