"""Keys that hold both ends in one workspace."""

from django.db import migrations

# Dropped with the tables on the way back.
SAME_WORKSPACE = """
-- Rows of a contact, a text, a campaign or a plan are of its workspace. Rows of a plan have no such
-- key: a million of them are written at once; triggers plan_is_open and keeps_rows hold them.
ALTER TABLE outreach_contactpoint ADD CONSTRAINT outreach_contactpoint_contact
    FOREIGN KEY (workspace_id, contact_id) REFERENCES outreach_contact (workspace_id, id);
ALTER TABLE outreach_consent ADD CONSTRAINT outreach_consent_contact
    FOREIGN KEY (workspace_id, contact_id) REFERENCES outreach_contact (workspace_id, id);
ALTER TABLE outreach_contactstanding ADD CONSTRAINT outreach_contactstanding_contact
    FOREIGN KEY (workspace_id, contact_id) REFERENCES outreach_contact (workspace_id, id);
ALTER TABLE outreach_audiencemember ADD CONSTRAINT outreach_audiencemember_audience
    FOREIGN KEY (workspace_id, audience_id) REFERENCES outreach_audience (workspace_id, id);
ALTER TABLE outreach_audiencemember ADD CONSTRAINT outreach_audiencemember_contact
    FOREIGN KEY (workspace_id, contact_id) REFERENCES outreach_contact (workspace_id, id);
ALTER TABLE outreach_templateversion ADD CONSTRAINT outreach_templateversion_template
    FOREIGN KEY (workspace_id, template_id) REFERENCES outreach_channeltemplate (workspace_id, id);
ALTER TABLE outreach_outreachcampaign ADD CONSTRAINT outreach_outreachcampaign_audience
    FOREIGN KEY (workspace_id, audience_id) REFERENCES outreach_audience (workspace_id, id);
ALTER TABLE outreach_sequencestep ADD CONSTRAINT outreach_sequencestep_campaign
    FOREIGN KEY (workspace_id, campaign_id) REFERENCES outreach_outreachcampaign (workspace_id, id);
ALTER TABLE outreach_steptext ADD CONSTRAINT outreach_steptext_step
    FOREIGN KEY (workspace_id, step_id) REFERENCES outreach_sequencestep (workspace_id, id);
ALTER TABLE outreach_steptext ADD CONSTRAINT outreach_steptext_template
    FOREIGN KEY (workspace_id, template_id) REFERENCES outreach_channeltemplate (workspace_id, id);
ALTER TABLE outreach_enrolment ADD CONSTRAINT outreach_enrolment_campaign
    FOREIGN KEY (workspace_id, campaign_id) REFERENCES outreach_outreachcampaign (workspace_id, id);
ALTER TABLE outreach_enrolment ADD CONSTRAINT outreach_enrolment_contact
    FOREIGN KEY (workspace_id, contact_id) REFERENCES outreach_contact (workspace_id, id);
ALTER TABLE outreach_campaignlaunch ADD CONSTRAINT outreach_campaignlaunch_campaign
    FOREIGN KEY (workspace_id, campaign_id) REFERENCES outreach_outreachcampaign (workspace_id, id);
ALTER TABLE outreach_campaignlaunch ADD CONSTRAINT outreach_campaignlaunch_plan
    FOREIGN KEY (workspace_id, plan_id) REFERENCES outreach_sendplan (workspace_id, id);
ALTER TABLE outreach_sendplan ADD CONSTRAINT outreach_sendplan_campaign
    FOREIGN KEY (workspace_id, campaign_id) REFERENCES outreach_outreachcampaign (workspace_id, id);
ALTER TABLE outreach_outreachmessage ADD CONSTRAINT outreach_outreachmessage_contact
    FOREIGN KEY (workspace_id, contact_id) REFERENCES outreach_contact (workspace_id, id);
ALTER TABLE outreach_outreachmessage ADD CONSTRAINT outreach_outreachmessage_point
    FOREIGN KEY (workspace_id, point_id) REFERENCES outreach_contactpoint (workspace_id, id);
ALTER TABLE outreach_outreachmessage ADD CONSTRAINT outreach_outreachmessage_campaign
    FOREIGN KEY (workspace_id, campaign_id) REFERENCES outreach_outreachcampaign (workspace_id, id);
ALTER TABLE outreach_outreachmessage ADD CONSTRAINT outreach_outreachmessage_plan
    FOREIGN KEY (workspace_id, plan_id) REFERENCES outreach_sendplan (workspace_id, id);
ALTER TABLE outreach_outreachmessage ADD CONSTRAINT outreach_outreachmessage_step
    FOREIGN KEY (workspace_id, step_id) REFERENCES outreach_sequencestep (workspace_id, id);
ALTER TABLE outreach_outreachmessage ADD CONSTRAINT outreach_outreachmessage_version
    FOREIGN KEY (workspace_id, version_id) REFERENCES outreach_templateversion (workspace_id, id);
ALTER TABLE outreach_messageevent ADD CONSTRAINT outreach_messageevent_message
    FOREIGN KEY (workspace_id, message_id) REFERENCES outreach_outreachmessage (workspace_id, id);
ALTER TABLE outreach_messageday ADD CONSTRAINT outreach_messageday_campaign
    FOREIGN KEY (workspace_id, campaign_id) REFERENCES outreach_outreachcampaign (workspace_id, id);
ALTER TABLE outreach_outreachtask ADD CONSTRAINT outreach_outreachtask_message
    FOREIGN KEY (workspace_id, message_id) REFERENCES outreach_outreachmessage (workspace_id, id);
ALTER TABLE outreach_channeltemplate ADD CONSTRAINT outreach_channeltemplate_current
    FOREIGN KEY (workspace_id, current_id) REFERENCES outreach_templateversion (workspace_id, id);
ALTER TABLE outreach_outreachcampaign ADD CONSTRAINT outreach_outreachcampaign_test
    FOREIGN KEY (workspace_id, test_id) REFERENCES experiments_abtest (workspace_id, id);
ALTER TABLE outreach_contactimport ADD CONSTRAINT outreach_contactimport_audience
    FOREIGN KEY (workspace_id, audience_id) REFERENCES outreach_audience (workspace_id, id);
-- Whoever did something, and what it was done with, are of one workspace.
ALTER TABLE outreach_socialperson ADD CONSTRAINT outreach_socialperson_contact
    FOREIGN KEY (workspace_id, contact_id) REFERENCES outreach_contact (workspace_id, id);
ALTER TABLE outreach_socialpost ADD CONSTRAINT outreach_socialpost_account
    FOREIGN KEY (workspace_id, account_id) REFERENCES outreach_socialaccount (workspace_id, id);
ALTER TABLE outreach_socialpost ADD CONSTRAINT outreach_socialpost_funnel
    FOREIGN KEY (workspace_id, funnel_id) REFERENCES outreach_socialengagementfunnel (workspace_id, id);
ALTER TABLE outreach_socialengagement ADD CONSTRAINT outreach_socialengagement_person
    FOREIGN KEY (workspace_id, person_id) REFERENCES outreach_socialperson (workspace_id, id);
ALTER TABLE outreach_socialengagement ADD CONSTRAINT outreach_socialengagement_post
    FOREIGN KEY (workspace_id, post_id) REFERENCES outreach_socialpost (workspace_id, id);
ALTER TABLE outreach_socialengagementfunnel ADD CONSTRAINT outreach_socialengagementfunnel_follow_up
    FOREIGN KEY (workspace_id, follow_up_id) REFERENCES outreach_outreachcampaign (workspace_id, id);
ALTER TABLE outreach_socialfunnelentry ADD CONSTRAINT outreach_socialfunnelentry_funnel
    FOREIGN KEY (workspace_id, funnel_id) REFERENCES outreach_socialengagementfunnel (workspace_id, id);
ALTER TABLE outreach_socialfunnelentry ADD CONSTRAINT outreach_socialfunnelentry_person
    FOREIGN KEY (workspace_id, person_id) REFERENCES outreach_socialperson (workspace_id, id);
ALTER TABLE outreach_socialfunnelentry ADD CONSTRAINT outreach_socialfunnelentry_engagement
    FOREIGN KEY (workspace_id, engagement_id) REFERENCES outreach_socialengagement (workspace_id, id);
ALTER TABLE outreach_socialfunnelentry ADD CONSTRAINT outreach_socialfunnelentry_message
    FOREIGN KEY (workspace_id, message_id) REFERENCES outreach_outreachmessage (workspace_id, id);
ALTER TABLE outreach_socialadvocate ADD CONSTRAINT outreach_socialadvocate_person
    FOREIGN KEY (workspace_id, person_id) REFERENCES outreach_socialperson (workspace_id, id);
-- A proposal answers within its workspace.
ALTER TABLE outreach_socialanswer ADD CONSTRAINT outreach_socialanswer_entry
    FOREIGN KEY (workspace_id, entry_id) REFERENCES outreach_socialfunnelentry (workspace_id, id);
"""


class Migration(migrations.Migration):
    replaces = [("outreach", "0003_people_lookups")]

    # The last of those replaced: a database that stands amid them is refused.
    dependencies = [("outreach", "0011_channel_worth")]

    operations = [
        migrations.RunSQL(SAME_WORKSPACE, migrations.RunSQL.noop),
    ]
