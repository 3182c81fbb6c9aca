import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import workspaces.ids
from django.conf import settings
from django.db import migrations, models
from workspaces.schema import CreateModels


# Everything that belongs together is of one workspace.
SAME_WORKSPACE = """
ALTER TABLE inbox_conversation ADD CONSTRAINT inbox_conversation_contact
    FOREIGN KEY (workspace_id, contact_id) REFERENCES outreach_contact (workspace_id, id);
ALTER TABLE inbox_conversation ADD CONSTRAINT inbox_conversation_campaign
    FOREIGN KEY (workspace_id, campaign_id) REFERENCES outreach_outreachcampaign (workspace_id, id);
ALTER TABLE inbox_conversation ADD CONSTRAINT inbox_conversation_message
    FOREIGN KEY (workspace_id, message_id) REFERENCES outreach_outreachmessage (workspace_id, id);
ALTER TABLE inbox_conversation ADD CONSTRAINT inbox_conversation_into
    FOREIGN KEY (workspace_id, merged_into_id) REFERENCES inbox_conversation (workspace_id, id);
ALTER TABLE inbox_conversationevent ADD CONSTRAINT inbox_conversationevent_conversation
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES inbox_conversation (workspace_id, id);
ALTER TABLE inbox_internalnote ADD CONSTRAINT inbox_internalnote_conversation
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES inbox_conversation (workspace_id, id);
ALTER TABLE inbox_customerresponse ADD CONSTRAINT inbox_customerresponse_conversation
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES inbox_conversation (workspace_id, id);
ALTER TABLE inbox_customerresponse ADD CONSTRAINT inbox_customerresponse_arrived
    FOREIGN KEY (workspace_id, arrived_in_id) REFERENCES inbox_conversation (workspace_id, id);
ALTER TABLE inbox_customerresponse ADD CONSTRAINT inbox_customerresponse_point
    FOREIGN KEY (workspace_id, point_id) REFERENCES outreach_contactpoint (workspace_id, id);
ALTER TABLE inbox_customerresponse ADD CONSTRAINT inbox_customerresponse_message
    FOREIGN KEY (workspace_id, message_id) REFERENCES outreach_outreachmessage (workspace_id, id);
ALTER TABLE inbox_attachment ADD CONSTRAINT inbox_attachment_response
    FOREIGN KEY (workspace_id, response_id) REFERENCES inbox_customerresponse (workspace_id, id);
ALTER TABLE inbox_aiclassification ADD CONSTRAINT inbox_aiclassification_response
    FOREIGN KEY (workspace_id, response_id) REFERENCES inbox_customerresponse (workspace_id, id);
ALTER TABLE inbox_replydraft ADD CONSTRAINT inbox_replydraft_conversation
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES inbox_conversation (workspace_id, id);
ALTER TABLE inbox_replydraft ADD CONSTRAINT inbox_replydraft_answers
    FOREIGN KEY (workspace_id, answers_id) REFERENCES inbox_customerresponse (workspace_id, id);
ALTER TABLE inbox_replydraft ADD CONSTRAINT inbox_replydraft_response
    FOREIGN KEY (workspace_id, response_id) REFERENCES inbox_customerresponse (workspace_id, id);
ALTER TABLE inbox_satisfaction ADD CONSTRAINT inbox_satisfaction_conversation
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES inbox_conversation (workspace_id, id);
ALTER TABLE inbox_identitysuggestion ADD CONSTRAINT inbox_identitysuggestion_first
    FOREIGN KEY (workspace_id, first_id) REFERENCES outreach_contact (workspace_id, id);
ALTER TABLE inbox_identitysuggestion ADD CONSTRAINT inbox_identitysuggestion_second
    FOREIGN KEY (workspace_id, second_id) REFERENCES outreach_contact (workspace_id, id);
"""

# An answer stands in the conversation of what it answers, and goes to the address that wrote it.
# Checked at the end of a transaction, so that conversations can be merged and taken apart.
ANSWERS = """
ALTER TABLE inbox_customerresponse ADD CONSTRAINT inbox_customerresponse_goes_back
    FOREIGN KEY (workspace_id, conversation_id, answers_id, point_id)
    REFERENCES inbox_customerresponse (workspace_id, conversation_id, id, point_id)
    DEFERRABLE INITIALLY DEFERRED;
"""


def finish(apps, schema_editor):
    """Make what Django leaves for the end, unique keys among it: keys of ours refer to them."""
    while schema_editor.deferred_sql:
        schema_editor.execute(schema_editor.deferred_sql.pop(0), None)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('attribution', '0011_appday_numbers'),
        ('outreach', '0011_channel_worth'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('workspaces', '0002_job_views'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            models=[
                migrations.CreateModel(
                    name='AssignmentRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=100)),
                        ('position', models.PositiveSmallIntegerField(default=0, help_text='0 is asked first.')),
                        ('is_on', models.BooleanField(default=True)),
                        ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=9), blank=True, default=list, size=None)),
                        ('intents', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=11), blank=True, default=list, size=None)),
                        ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), blank=True, default=list, size=None)),
                        ('min_value_at_risk', models.FloatField(blank=True, null=True)),
                        ('team', models.CharField(blank=True, choices=[('sales', 'Sales'), ('support', 'Support'), ('success', 'Success')], default='', max_length=7)),
                        ('how', models.CharField(choices=[('round_robin', 'In turn'), ('load', 'Who has least to do')], default='round_robin', max_length=11)),
                        ('people', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, help_text='Users; empty: nobody yet.', size=None)),
                        ('most_open', models.PositiveSmallIntegerField(blank=True, help_text='Who has so many open gets no more; empty: no limit.', null=True)),
                        ('last_given', models.BigIntegerField(blank=True, help_text='Whose turn it was.', null=True)),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignment_rules', to='workspaces.workspace')),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('how__in', ['round_robin', 'load']), ('team__in', ['', 'sales', 'support', 'success'])), name='inbox_assignmentrule_words'),
                        ],
                        'triggers': [
                            pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "inbox_assignmentruleevent" ("channels", "how", "id", "intents", "is_on", "languages", "last_given", "min_value_at_risk", "most_open", "name", "people", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "team", "updated_at", "workspace_id") VALUES (NEW."channels", NEW."how", NEW."id", NEW."intents", NEW."is_on", NEW."languages", NEW."last_given", NEW."min_value_at_risk", NEW."most_open", NEW."name", NEW."people", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."position", NEW."team", NEW."updated_at", NEW."workspace_id"); RETURN NULL;', hash='0c4f0b1002de73bc85b80f898fbcea78ea07ba61', operation='INSERT', pgid='pgtrigger_insert_insert_fdf98', table='inbox_assignmentrule', when='AFTER')),
                            pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "inbox_assignmentruleevent" ("channels", "how", "id", "intents", "is_on", "languages", "last_given", "min_value_at_risk", "most_open", "name", "people", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "team", "updated_at", "workspace_id") VALUES (NEW."channels", NEW."how", NEW."id", NEW."intents", NEW."is_on", NEW."languages", NEW."last_given", NEW."min_value_at_risk", NEW."most_open", NEW."name", NEW."people", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."position", NEW."team", NEW."updated_at", NEW."workspace_id"); RETURN NULL;', hash='d6d4270909f4fe915c6c6bab7df751b6c4c69f71', operation='UPDATE', pgid='pgtrigger_update_update_7ec98', table='inbox_assignmentrule', when='AFTER')),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='AssignmentRuleEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('name', models.CharField(max_length=100)),
                        ('position', models.PositiveSmallIntegerField(default=0, help_text='0 is asked first.')),
                        ('is_on', models.BooleanField(default=True)),
                        ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=9), blank=True, default=list, size=None)),
                        ('intents', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=11), blank=True, default=list, size=None)),
                        ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), blank=True, default=list, size=None)),
                        ('min_value_at_risk', models.FloatField(blank=True, null=True)),
                        ('team', models.CharField(blank=True, choices=[('sales', 'Sales'), ('support', 'Support'), ('success', 'Success')], default='', max_length=7)),
                        ('how', models.CharField(choices=[('round_robin', 'In turn'), ('load', 'Who has least to do')], default='round_robin', max_length=11)),
                        ('people', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, help_text='Users; empty: nobody yet.', size=None)),
                        ('most_open', models.PositiveSmallIntegerField(blank=True, help_text='Who has so many open gets no more; empty: no limit.', null=True)),
                        ('last_given', models.BigIntegerField(blank=True, help_text='Whose turn it was.', null=True)),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='inbox.assignmentrule')),
                        ('workspace', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='workspaces.workspace')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='AutoSendRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('intent', models.CharField(choices=[('purchase', 'Purchase'), ('question', 'Question'), ('objection', 'Objection'), ('complaint', 'Complaint'), ('compliment', 'Compliment'), ('feedback', 'Feedback'), ('unsubscribe', 'Unsubscribe'), ('spam', 'Spam'), ('other', 'Other')], max_length=11)),
                        ('is_on', models.BooleanField(default=False)),
                        ('audit_share', models.FloatField(default=0.1, help_text='Of what went out in a day, so much is looked at blind.', validators=[django.core.validators.MinValueValidator(0.01), django.core.validators.MaxValueValidator(1)])),
                        ('demoted_at', models.DateTimeField(blank=True, null=True)),
                        ('demoted_because', models.CharField(blank=True, default='', max_length=200)),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='auto_send_rules', to='workspaces.workspace')),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('workspace', 'intent'), name='inbox_autosendrule_once'),
                            models.CheckConstraint(condition=models.Q(('intent__in', ['question', 'compliment', 'purchase'])), name='inbox_autosendrule_intent', violation_error_message='Only answers to questions, compliments and purchases may go out unsigned.'),
                            models.CheckConstraint(condition=models.Q(('is_on', False), ('demoted_at', None), _connector='OR'), name='inbox_autosendrule_demoted'),
                            models.CheckConstraint(condition=models.Q(('audit_share__gte', 0.01), ('audit_share__lte', 1)), name='inbox_autosendrule_share'),
                        ],
                        'triggers': [
                            pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "inbox_autosendruleevent" ("audit_share", "demoted_at", "demoted_because", "id", "intent", "is_on", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "updated_at", "workspace_id") VALUES (NEW."audit_share", NEW."demoted_at", NEW."demoted_because", NEW."id", NEW."intent", NEW."is_on", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."updated_at", NEW."workspace_id"); RETURN NULL;', hash='82bfa4f402fd4a0c6a8fdcaa78deb2c59ebdfd76', operation='INSERT', pgid='pgtrigger_insert_insert_62538', table='inbox_autosendrule', when='AFTER')),
                            pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "inbox_autosendruleevent" ("audit_share", "demoted_at", "demoted_because", "id", "intent", "is_on", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "updated_at", "workspace_id") VALUES (NEW."audit_share", NEW."demoted_at", NEW."demoted_because", NEW."id", NEW."intent", NEW."is_on", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."updated_at", NEW."workspace_id"); RETURN NULL;', hash='cfc3af864d196f5aacf96ef174cf7a1bd8e76686', operation='UPDATE', pgid='pgtrigger_update_update_ee251', table='inbox_autosendrule', when='AFTER')),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='AutoSendRuleEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('intent', models.CharField(choices=[('purchase', 'Purchase'), ('question', 'Question'), ('objection', 'Objection'), ('complaint', 'Complaint'), ('compliment', 'Compliment'), ('feedback', 'Feedback'), ('unsubscribe', 'Unsubscribe'), ('spam', 'Spam'), ('other', 'Other')], max_length=11)),
                        ('is_on', models.BooleanField(default=False)),
                        ('audit_share', models.FloatField(default=0.1, help_text='Of what went out in a day, so much is looked at blind.', validators=[django.core.validators.MinValueValidator(0.01), django.core.validators.MaxValueValidator(1)])),
                        ('demoted_at', models.DateTimeField(blank=True, null=True)),
                        ('demoted_because', models.CharField(blank=True, default='', max_length=200)),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='inbox.autosendrule')),
                        ('workspace', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='workspaces.workspace')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='BusinessHours',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('team', models.CharField(blank=True, choices=[('sales', 'Sales'), ('support', 'Support'), ('success', 'Success')], default='', help_text='Empty: teams without hours of their own.', max_length=7)),
                        ('time_zone', models.CharField(help_text='Such as Europe/Vienna.', max_length=64)),
                        ('week', models.JSONField(default=dict, help_text='Hours by weekday, such as {"mon": [["09:00", "12:00"], ["13:00", "17:30"]]}.')),
                        ('holidays', models.JSONField(blank=True, default=dict, help_text='Other hours by day, such as {"2026-12-24": [["09:00", "12:00"]]}; without any: closed.')),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='business_hours', to='workspaces.workspace')),
                    ],
                    options={
                        'verbose_name_plural': 'business hours',
                        'constraints': [
                            models.UniqueConstraint(fields=('workspace', 'team'), name='inbox_businesshours_once', violation_error_message='This team has its hours already.'),
                            models.CheckConstraint(condition=models.Q(('team__in', ['', 'sales', 'support', 'success'])), name='inbox_businesshours_team'),
                        ],
                        'triggers': [
                            pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "inbox_businesshoursevent" ("holidays", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "team", "time_zone", "updated_at", "week", "workspace_id") VALUES (NEW."holidays", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."team", NEW."time_zone", NEW."updated_at", NEW."week", NEW."workspace_id"); RETURN NULL;', hash='ea93fc48a0ad1434640d832dc4573e6aaa5d6414', operation='INSERT', pgid='pgtrigger_insert_insert_6125f', table='inbox_businesshours', when='AFTER')),
                            pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "inbox_businesshoursevent" ("holidays", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "team", "time_zone", "updated_at", "week", "workspace_id") VALUES (NEW."holidays", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."team", NEW."time_zone", NEW."updated_at", NEW."week", NEW."workspace_id"); RETURN NULL;', hash='87f9c726a2ea94d0e94a34e47758382c4ebe59e1', operation='UPDATE', pgid='pgtrigger_update_update_b3ab2', table='inbox_businesshours', when='AFTER')),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='BusinessHoursEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('team', models.CharField(blank=True, choices=[('sales', 'Sales'), ('support', 'Support'), ('success', 'Success')], default='', help_text='Empty: teams without hours of their own.', max_length=7)),
                        ('time_zone', models.CharField(help_text='Such as Europe/Vienna.', max_length=64)),
                        ('week', models.JSONField(default=dict, help_text='Hours by weekday, such as {"mon": [["09:00", "12:00"], ["13:00", "17:30"]]}.')),
                        ('holidays', models.JSONField(blank=True, default=dict, help_text='Other hours by day, such as {"2026-12-24": [["09:00", "12:00"]]}; without any: closed.')),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='inbox.businesshours')),
                        ('workspace', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='workspaces.workspace')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Conversation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=workspaces.ids.uuid7, editable=False, unique=True)),
                        ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('whatsapp', 'WhatsApp'), ('instagram', 'Instagram'), ('facebook', 'Facebook'), ('linkedin', 'LinkedIn'), ('twitter', 'X'), ('chat', 'Website chat'), ('comment', 'Public comment')], max_length=9)),
                        ('subject', models.CharField(blank=True, default='', max_length=300)),
                        ('status', models.CharField(choices=[('open', 'Open'), ('waiting', 'Waiting for the customer'), ('snoozed', 'Snoozed'), ('closed', 'Closed')], default='open', max_length=7)),
                        ('team', models.CharField(choices=[('sales', 'Sales'), ('support', 'Support'), ('success', 'Success')], default='support', max_length=7)),
                        ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                        ('intent', models.CharField(blank=True, choices=[('purchase', 'Purchase'), ('question', 'Question'), ('objection', 'Objection'), ('complaint', 'Complaint'), ('compliment', 'Compliment'), ('feedback', 'Feedback'), ('unsubscribe', 'Unsubscribe'), ('spam', 'Spam'), ('other', 'Other')], default='', max_length=11)),
                        ('sentiment', models.FloatField(blank=True, help_text='−1 to 1, of their last words.', null=True)),
                        ('urgency', models.CharField(choices=[('high', 'High'), ('medium', 'Medium'), ('low', 'Low')], default='medium', max_length=6)),
                        ('language', models.CharField(blank=True, default='', help_text='Such as en.', max_length=8)),
                        ('is_escalated', models.BooleanField(default=False)),
                        ('posture', models.CharField(choices=[('auto', 'Draft, and send where the policy allows'), ('draft_only', 'Draft only'), ('off', 'Nothing')], default='draft_only', max_length=10)),
                        ('preview', models.CharField(blank=True, default='', help_text='How the last message begins.', max_length=200)),
                        ('unread', models.PositiveIntegerField(db_default=0, default=0, help_text='Messages of theirs that nobody opened.')),
                        ('opened_at', models.DateTimeField(help_text='When it began.')),
                        ('last_message_at', models.DateTimeField()),
                        ('last_inbound_at', models.DateTimeField(blank=True, null=True)),
                        ('waiting_since', models.DateTimeField(blank=True, help_text='Their first words that are not answered; empty: none.', null=True)),
                        ('first_answered_at', models.DateTimeField(blank=True, null=True)),
                        ('snoozed_until', models.DateTimeField(blank=True, null=True)),
                        ('closed_at', models.DateTimeField(blank=True, null=True)),
                        ('sla_state', models.CharField(blank=True, choices=[('', 'No target'), ('running', 'Running'), ('warned', 'Due soon'), ('breached', 'Breached'), ('escalated', 'Escalated')], default='', max_length=9)),
                        ('due_at', models.DateTimeField(blank=True, help_text='By when the next answer is promised; empty: by none.', null=True)),
                        ('warn_at', models.DateTimeField(blank=True, null=True)),
                        ('escalate_at', models.DateTimeField(blank=True, null=True)),
                        ('resolve_by', models.DateTimeField(blank=True, null=True)),
                        ('breached_at', models.DateTimeField(blank=True, null=True)),
                        ('value_at_risk', models.FloatField(db_default=0, default=0, help_text='Worth of the customer times their churn risk.')),
                        ('order_key', models.FloatField(db_default=0, default=0, help_text='Higher: waiting costs more. Two rows never change places by time alone.')),
                        ('archived_at', models.DateTimeField(blank=True, null=True)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('assignee', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='conversations', to=settings.AUTH_USER_MODEL)),
                        ('campaign', models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='The campaign that it answers.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outreach.outreachcampaign')),
                        ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='conversations', to='outreach.contact')),
                        ('merged_into', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='inbox.conversation')),
                        ('message', models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='The message that it answers.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outreach.outreachmessage')),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('status', 'open')), fields=['workspace', '-order_key', '-id'], name='inbox_conversation_order'),
                            models.Index(condition=models.Q(('status', 'open')), fields=['workspace', 'waiting_since', 'id'], name='inbox_conversation_fifo'),
                            models.Index(condition=models.Q(('status', 'open')), fields=['workspace', 'assignee', '-order_key', '-id'], name='inbox_conversation_mine'),
                            models.Index(condition=models.Q(('status', 'open')), fields=['workspace', 'channel', '-order_key', '-id'], name='inbox_conversation_channel'),
                            models.Index(fields=['workspace', 'status', '-last_message_at', '-id'], name='inbox_conversation_newest'),
                            models.Index(condition=models.Q(('due_at__isnull', False)), fields=['workspace', 'due_at'], name='inbox_conversation_due'),
                            models.Index(condition=models.Q(('sla_state', 'running')), fields=['warn_at'], name='inbox_conversation_warn'),
                            models.Index(condition=models.Q(('sla_state__in', ['running', 'warned'])), fields=['due_at'], name='inbox_conversation_breach'),
                            models.Index(condition=models.Q(('sla_state', 'breached')), fields=['escalate_at'], name='inbox_conversation_escalate'),
                            models.Index(condition=models.Q(('status', 'snoozed')), fields=['snoozed_until'], name='inbox_conversation_wake'),
                            models.Index(fields=['workspace', 'contact', '-last_message_at'], name='inbox_conversation_contact'),
                            django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector(models.Func(models.F('subject'), models.Value('&+-./:<=>?@_~'), models.Value('             '), function='translate', output_field=models.TextField()), config='simple'), name='inbox_conversation_subject'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('workspace', 'id'), name='inbox_conversation_of'),
                            models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms', 'whatsapp', 'instagram', 'facebook', 'linkedin', 'twitter', 'chat', 'comment']), ('posture__in', ['auto', 'draft_only', 'off']), ('sla_state__in', ['', 'running', 'warned', 'breached', 'escalated']), ('status__in', ['open', 'waiting', 'snoozed', 'closed']), ('team__in', ['sales', 'support', 'success']), ('urgency__in', ['high', 'medium', 'low'])), name='inbox_conversation_words'),
                            models.CheckConstraint(condition=models.Q(('intent__in', ['', 'purchase', 'question', 'objection', 'complaint', 'compliment', 'feedback', 'unsubscribe', 'spam', 'other'])), name='inbox_conversation_intent'),
                            models.CheckConstraint(condition=models.Q(('sentiment', None), models.Q(('sentiment__gte', -1), ('sentiment__lte', 1)), _connector='OR'), name='inbox_conversation_sentiment'),
                            models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('status', 'closed')), models.Q(models.Q(('status', 'closed'), _negated=True), ('closed_at', None)), _connector='OR'), name='inbox_conversation_closed_when'),
                            models.CheckConstraint(condition=models.Q(models.Q(('snoozed_until__isnull', False), ('status', 'snoozed')), models.Q(models.Q(('status', 'snoozed'), _negated=True), ('snoozed_until', None)), _connector='OR'), name='inbox_conversation_snoozed_when'),
                            models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('status', 'closed'), models.Q(('merged_into', models.F('id')), _negated=True)), _connector='OR'), name='inbox_conversation_merged'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ConversationEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('opened', 'Opened'), ('assigned', 'Assigned'), ('tagged', 'Tagged'), ('closed', 'Closed'), ('reopened', 'Reopened'), ('snoozed', 'Snoozed'), ('woken', 'Woken'), ('merged', 'Merged'), ('unmerged', 'Taken apart'), ('split', 'Split'), ('posture', 'What the machine may do'), ('team', 'Given to a team'), ('reading', 'Read differently'), ('breached', 'Target missed'), ('escalated', 'Escalated'), ('undone', 'Undone')], max_length=9)),
                        ('at', models.DateTimeField()),
                        ('by_label', models.CharField(max_length=150)),
                        ('before', models.JSONField(blank=True, default=dict)),
                        ('after', models.JSONField(blank=True, default=dict)),
                        ('batch', models.UUIDField(blank=True, null=True)),
                        ('by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('conversation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='inbox.conversation')),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['conversation', 'at', 'id'], name='inbox_conversationevent_story'),
                            models.Index(condition=models.Q(('batch__isnull', False)), fields=['workspace', 'batch', 'id'], name='inbox_conversationevent_batch'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('kind__in', ['opened', 'assigned', 'tagged', 'closed', 'reopened', 'snoozed', 'woken', 'merged', 'unmerged', 'split', 'posture', 'team', 'reading', 'breached', 'escalated', 'undone'])), name='inbox_conversationevent_kind'),
                        ],
                        'triggers': [
                            pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='132b7ed9b5887101b8adae78760e2b6ab9e945f6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_35faa', table='inbox_conversationevent', when='BEFORE')),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='CustomerResponse',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=workspaces.ids.uuid7, editable=False, unique=True)),
                        ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('whatsapp', 'WhatsApp'), ('instagram', 'Instagram'), ('facebook', 'Facebook'), ('linkedin', 'LinkedIn'), ('twitter', 'X'), ('chat', 'Website chat'), ('comment', 'Public comment')], max_length=9)),
                        ('direction', models.CharField(choices=[('in', 'Theirs'), ('out', 'Ours')], max_length=3)),
                        ('external_id', models.CharField(blank=True, default='', help_text='Its id on the channel, such as <…@…>.', max_length=255)),
                        ('thread_ids', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), blank=True, default=list, help_text='Ids of the messages that it refers to, the nearest first.', size=None)),
                        ('sender_address', models.CharField(blank=True, default='', max_length=254)),
                        ('sender_name', models.CharField(blank=True, default='', max_length=200)),
                        ('subject', models.CharField(blank=True, default='', max_length=998)),
                        ('text', models.TextField(blank=True, default='', help_text='What they wrote now.')),
                        ('quoted', models.TextField(blank=True, default='', help_text='Quotes and signature below it.')),
                        ('html', models.TextField(blank=True, default='', help_text='Made safe.')),
                        ('at', models.DateTimeField(help_text='When it was written, as far as known; never ahead of us.')),
                        ('received_at', models.DateTimeField(blank=True, null=True)),
                        ('first_viewed_at', models.DateTimeField(blank=True, null=True)),
                        ('is_auto', models.BooleanField(default=False, help_text='A machine wrote it: it stops no clock.')),
                        ('is_flagged', models.BooleanField(default=False)),
                        ('flag_reason', models.CharField(blank=True, default='', max_length=200)),
                        ('recommended_action', models.CharField(blank=True, default='', max_length=200)),
                        ('follow_up_on', models.DateField(blank=True, null=True)),
                        ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                        ('sla_target_minutes', models.PositiveIntegerField(blank=True, null=True)),
                        ('due_at', models.DateTimeField(blank=True, null=True)),
                        ('answered_at', models.DateTimeField(blank=True, help_text='When a message of ours first answered it.', null=True)),
                        ('breached_at', models.DateTimeField(blank=True, null=True)),
                        ('is_kept', models.BooleanField(blank=True, help_text='Whether the promised time was kept; empty: none, or open.', null=True)),
                        ('author_label', models.CharField(blank=True, default='', max_length=150)),
                        ('delivery', models.CharField(blank=True, choices=[('', 'Theirs'), ('scheduled', 'Goes out soon'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('cancelled', 'Taken back'), ('by_hand', 'To be sent by hand')], default='', max_length=9)),
                        ('send_at', models.DateTimeField(blank=True, help_text='Not before; taken back until.', null=True)),
                        ('sent_at', models.DateTimeField(blank=True, null=True)),
                        ('error', models.CharField(blank=True, default='', max_length=500)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('answers', models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='What a message of ours answers.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answered_by', to='inbox.customerresponse')),
                        ('arrived_in', models.ForeignKey(db_constraint=False, help_text='Where it was first: merged conversations come apart again by it.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inbox.conversation')),
                        ('author', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('conversation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='responses', to='inbox.conversation')),
                        ('message', models.OneToOneField(blank=True, db_constraint=False, help_text='As what it is sent.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='inbox_response', to='outreach.outreachmessage')),
                        ('point', models.ForeignKey(db_constraint=False, help_text='The address that wrote, or that is written to.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outreach.contactpoint')),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['conversation', 'at', 'id'], name='inbox_customerresponse_thread'),
                            models.Index(fields=['workspace', 'direction', 'at'], name='inbox_customerresponse_days'),
                            models.Index(condition=models.Q(('delivery', 'scheduled')), fields=['send_at'], name='inbox_customerresponse_due'),
                            django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector(models.Func(models.F('sender_name'), models.Value('&+-./:<=>?@_~'), models.Value('             '), function='translate', output_field=models.TextField()), models.Func(models.F('sender_address'), models.Value('&+-./:<=>?@_~'), models.Value('             '), function='translate', output_field=models.TextField()), models.Func(models.F('subject'), models.Value('&+-./:<=>?@_~'), models.Value('             '), function='translate', output_field=models.TextField()), models.Func(models.F('text'), models.Value('&+-./:<=>?@_~'), models.Value('             '), function='translate', output_field=models.TextField()), config='simple'), name='inbox_customerresponse_search'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('workspace', 'id'), name='inbox_customerresponse_of'),
                            models.UniqueConstraint(fields=('workspace', 'conversation', 'id', 'point'), name='inbox_customerresponse_answers'),
                            models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('workspace', 'channel', 'external_id'), name='inbox_customerresponse_once'),
                            models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms', 'whatsapp', 'instagram', 'facebook', 'linkedin', 'twitter', 'chat', 'comment']), ('delivery__in', ['', 'scheduled', 'sent', 'delivered', 'failed', 'cancelled', 'by_hand']), ('direction__in', ['in', 'out'])), name='inbox_customerresponse_words'),
                            models.CheckConstraint(condition=models.Q(models.Q(('answers', None), ('delivery', ''), ('direction', 'in'), ('message', None)), models.Q(('answers__isnull', False), ('direction', 'out'), models.Q(('delivery', ''), _negated=True)), _connector='OR'), name='inbox_customerresponse_direction'),
                            models.CheckConstraint(condition=models.Q(models.Q(('delivery__in', ['sent', 'delivered']), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='inbox_customerresponse_sent_when'),
                        ],
                        'triggers': [
                            pgtrigger.compiler.Trigger(name='goes_back', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.direction = 'out')", func="\n    IF NOT EXISTS (\n        SELECT FROM inbox_customerresponse t\n         WHERE t.workspace_id = NEW.workspace_id AND t.id = NEW.answers_id AND t.direction = 'in'\n    ) THEN\n        RAISE EXCEPTION 'only what somebody wrote can be answered'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    IF NEW.message_id IS NOT NULL AND NOT EXISTS (\n        SELECT FROM outreach_outreachmessage m\n         WHERE m.workspace_id = NEW.workspace_id AND m.id = NEW.message_id\n           AND m.point_id = NEW.point_id\n    ) THEN\n        RAISE EXCEPTION 'an answer goes to the address that wrote'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NEW;\n    ", hash='88e4db546c4accb1413f64b823113e5e09c1b462', operation='INSERT OR UPDATE', pgid='pgtrigger_goes_back_a0aab', table='inbox_customerresponse', when='BEFORE')),
                            pgtrigger.compiler.Trigger(name='stays', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF (NEW.workspace_id, NEW.direction, NEW.channel, NEW.external_id, NEW.point_id, NEW.answers_id,\n        NEW.arrived_in_id, NEW.at)\n       IS DISTINCT FROM\n       (OLD.workspace_id, OLD.direction, OLD.channel, OLD.external_id, OLD.point_id, OLD.answers_id,\n        OLD.arrived_in_id, OLD.at) THEN\n        RAISE EXCEPTION 'what was written stays' USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NEW;\n    ", hash='dda206ed721d6fba39d52405ac7bc34c9731918a', operation='UPDATE', pgid='pgtrigger_stays_6171f', table='inbox_customerresponse', when='BEFORE')),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Attachment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=workspaces.ids.uuid7, editable=False, unique=True)),
                        ('name', models.CharField(max_length=200)),
                        ('content_type', models.CharField(max_length=100)),
                        ('size', models.PositiveIntegerField(help_text='Bytes.')),
                        ('sha256', models.CharField(max_length=64)),
                        ('content_id', models.CharField(blank=True, default='', max_length=255)),
                        ('file', models.FileField(blank=True, default='', max_length=200, upload_to='')),
                        ('held_because', models.CharField(blank=True, default='', help_text='Why nobody can open it; empty: they can.', max_length=200)),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                        ('response', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='inbox.customerresponse')),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(models.Q(('held_because', ''), _negated=True), models.Q(('file', ''), _negated=True), _connector='OR'), name='inbox_attachment_held'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='IdentitySuggestion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=workspaces.ids.uuid7, editable=False, unique=True)),
                        ('evidence', models.JSONField(default=list, help_text='What speaks for it.')),
                        ('status', models.CharField(choices=[('open', 'Open'), ('confirmed', 'The same person'), ('refused', 'Two people'), ('taken_back', 'Taken apart again')], default='open', max_length=10)),
                        ('decided_at', models.DateTimeField(blank=True, null=True)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('decided_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('first', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outreach.contact')),
                        ('merge', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='attribution.identitymerge')),
                        ('second', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outreach.contact')),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('workspace', 'first', 'second'), name='inbox_identitysuggestion_once'),
                            models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='inbox_identitysuggestion_two'),
                            models.CheckConstraint(condition=models.Q(('status__in', ['open', 'confirmed', 'refused', 'taken_back'])), name='inbox_identitysuggestion_status'),
                            models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('status', 'open')), models.Q(models.Q(('status', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='inbox_identitysuggestion_decided'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='InboxPolicy',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('order', models.CharField(choices=[('loss', 'What waiting costs'), ('fifo', 'Who waits longest')], default='loss', max_length=4)),
                        ('drafts_on', models.BooleanField(default=True, help_text='Write a draft for what wants one.')),
                        ('undo_s', models.PositiveSmallIntegerField(default=10, help_text='So long an answer can be taken back.', validators=[django.core.validators.MaxValueValidator(120)], verbose_name='undo, seconds')),
                        ('asks_satisfaction', models.BooleanField(default=False, help_text='Ask how it was, an hour after a conversation was closed.')),
                        ('acknowledges', models.BooleanField(default=False, help_text='Tell at once that a message arrived; no promise is kept by it.')),
                        ('acknowledgement', models.TextField(blank=True, default='')),
                        ('close_waiting_after_days', models.PositiveSmallIntegerField(default=7, help_text='Who does not answer us for so long has nothing more to say.', validators=[django.core.validators.MinValueValidator(1)])),
                        ('shows_images', models.BooleanField(default=False, help_text='Load pictures of mails from outside: senders see that it is read.')),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='inbox_policy', to='workspaces.workspace')),
                    ],
                    options={
                        'verbose_name_plural': 'inbox policies',
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('order__in', ['loss', 'fifo'])), name='inbox_policy_order'),
                            models.CheckConstraint(condition=models.Q(('close_waiting_after_days__gte', 1), ('undo_s__lte', 120)), name='inbox_policy_limits'),
                            models.CheckConstraint(condition=models.Q(('acknowledges', False), models.Q(('acknowledgement', ''), _negated=True), _connector='OR'), name='inbox_policy_acknowledgement', violation_error_message='Write what people are told.'),
                        ],
                        'triggers': [
                            pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "inbox_inboxpolicyevent" ("acknowledgement", "acknowledges", "asks_satisfaction", "close_waiting_after_days", "drafts_on", "id", "order", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "shows_images", "undo_s", "updated_at", "workspace_id") VALUES (NEW."acknowledgement", NEW."acknowledges", NEW."asks_satisfaction", NEW."close_waiting_after_days", NEW."drafts_on", NEW."id", NEW."order", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."shows_images", NEW."undo_s", NEW."updated_at", NEW."workspace_id"); RETURN NULL;', hash='7305dd66b335ee5eca847799cd0fa9dd9b4644eb', operation='INSERT', pgid='pgtrigger_insert_insert_0e1fb', table='inbox_inboxpolicy', when='AFTER')),
                            pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "inbox_inboxpolicyevent" ("acknowledgement", "acknowledges", "asks_satisfaction", "close_waiting_after_days", "drafts_on", "id", "order", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "shows_images", "undo_s", "updated_at", "workspace_id") VALUES (NEW."acknowledgement", NEW."acknowledges", NEW."asks_satisfaction", NEW."close_waiting_after_days", NEW."drafts_on", NEW."id", NEW."order", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."shows_images", NEW."undo_s", NEW."updated_at", NEW."workspace_id"); RETURN NULL;', hash='fa1d18480caf81902813b0ca07ca13d1e5ec8d99', operation='UPDATE', pgid='pgtrigger_update_update_ccbd2', table='inbox_inboxpolicy', when='AFTER')),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='InboxPolicyEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('order', models.CharField(choices=[('loss', 'What waiting costs'), ('fifo', 'Who waits longest')], default='loss', max_length=4)),
                        ('drafts_on', models.BooleanField(default=True, help_text='Write a draft for what wants one.')),
                        ('undo_s', models.PositiveSmallIntegerField(default=10, help_text='So long an answer can be taken back.', validators=[django.core.validators.MaxValueValidator(120)], verbose_name='undo, seconds')),
                        ('asks_satisfaction', models.BooleanField(default=False, help_text='Ask how it was, an hour after a conversation was closed.')),
                        ('acknowledges', models.BooleanField(default=False, help_text='Tell at once that a message arrived; no promise is kept by it.')),
                        ('acknowledgement', models.TextField(blank=True, default='')),
                        ('close_waiting_after_days', models.PositiveSmallIntegerField(default=7, help_text='Who does not answer us for so long has nothing more to say.', validators=[django.core.validators.MinValueValidator(1)])),
                        ('shows_images', models.BooleanField(default=False, help_text='Load pictures of mails from outside: senders see that it is read.')),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='inbox.inboxpolicy')),
                        ('workspace', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='workspaces.workspace')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='InternalNote',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=workspaces.ids.uuid7, editable=False, unique=True)),
                        ('text', models.TextField()),
                        ('written_at', models.DateTimeField()),
                        ('mentions', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, help_text='Users that it calls.', size=None)),
                        ('author', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('conversation', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='inbox.conversation')),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                    ],
                    options={
                        'indexes': [
                            django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector(models.Func(models.F('text'), models.Value('&+-./:<=>?@_~'), models.Value('             '), function='translate', output_field=models.TextField()), config='simple'), name='inbox_internalnote_words'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='inbox_internalnote_text'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ReplyDraft',
                    fields=[
                        ('proposal', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='workspaces.proposal')),
                        ('source', models.CharField(choices=[('template', 'An approved template'), ('model', 'A language model, from templates and the conversation'), ('external', 'Another system')], max_length=8)),
                        ('intent', models.CharField(blank=True, choices=[('purchase', 'Purchase'), ('question', 'Question'), ('objection', 'Objection'), ('complaint', 'Complaint'), ('compliment', 'Compliment'), ('feedback', 'Feedback'), ('unsubscribe', 'Unsubscribe'), ('spam', 'Spam'), ('other', 'Other')], default='', max_length=11)),
                        ('confidence', models.FloatField(blank=True, help_text='0 to 1.', null=True)),
                        ('subject', models.CharField(blank=True, default='', max_length=998)),
                        ('text', models.TextField()),
                        ('why_person', models.CharField(blank=True, default='', help_text='Why a person signs; empty: need not.', max_length=200)),
                        ('cluster', models.UUIDField(blank=True, help_text='Drafts that say nearly the same are signed together.', null=True)),
                        ('answers', models.ForeignKey(db_constraint=False, help_text='What it answers; it goes to the address that wrote this.', on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='inbox.customerresponse')),
                        ('conversation', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='inbox.conversation')),
                        ('response', models.OneToOneField(blank=True, db_constraint=False, help_text='The answer that it became.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='draft', to='inbox.customerresponse')),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                        ('template', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='inbox.responsetemplate')),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('cluster__isnull', False)), fields=['workspace', 'cluster'], name='inbox_replydraft_cluster'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('source__in', ['template', 'model', 'external'])), name='inbox_replydraft_source'),
                            models.CheckConstraint(condition=models.Q(('confidence', None), models.Q(('confidence__gte', 0), ('confidence__lte', 1)), _connector='OR'), name='inbox_replydraft_confidence'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='AuditedReply',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('intent', models.CharField(choices=[('purchase', 'Purchase'), ('question', 'Question'), ('objection', 'Objection'), ('complaint', 'Complaint'), ('compliment', 'Compliment'), ('feedback', 'Feedback'), ('unsubscribe', 'Unsubscribe'), ('spam', 'Spam'), ('other', 'Other')], max_length=11)),
                        ('was_auto', models.BooleanField()),
                        ('drawn_on', models.DateField()),
                        ('verdict', models.CharField(blank=True, choices=[('', 'Not looked at'), ('good', 'Good as it is'), ('bad', 'Should not have gone out')], default='', max_length=4)),
                        ('why', models.CharField(blank=True, default='', max_length=200)),
                        ('judged_at', models.DateTimeField(blank=True, null=True)),
                        ('judged_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                        ('draft', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='audit', to='inbox.replydraft')),
                    ],
                    options={
                        'verbose_name_plural': 'audited replies',
                        'indexes': [
                            models.Index(fields=['workspace', 'intent', 'judged_at'], name='inbox_auditedreply_intent'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(models.Q(('judged_at', None), ('verdict', '')), models.Q(('judged_at__isnull', False), ('verdict__in', ['good', 'bad'])), _connector='OR'), name='inbox_auditedreply_judged'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ResponseTemplate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=workspaces.ids.uuid7, editable=False, unique=True)),
                        ('name', models.CharField(max_length=100)),
                        ('category', models.CharField(choices=[('faq', 'Question'), ('objection_handling', 'Objection'), ('follow_up', 'Follow-up')], default='faq', max_length=18)),
                        ('intents', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('purchase', 'Purchase'), ('question', 'Question'), ('objection', 'Objection'), ('complaint', 'Complaint'), ('compliment', 'Compliment'), ('feedback', 'Feedback'), ('unsubscribe', 'Unsubscribe'), ('spam', 'Spam'), ('other', 'Other')], max_length=11), blank=True, default=list, help_text='Messages that it answers; empty: whatever is like it.', size=None)),
                        ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=9), blank=True, default=list, help_text='Empty: all.', size=None)),
                        ('language', models.CharField(default='en', max_length=8)),
                        ('subject', models.CharField(blank=True, default='', max_length=200)),
                        ('body', models.TextField(help_text='Places such as {{ first_name }}.')),
                        ('requires_approval', models.BooleanField(default=True, help_text='Answers made of it always wait for a person.')),
                        ('approved_at', models.DateTimeField(blank=True, null=True)),
                        ('uses', models.PositiveIntegerField(db_default=0, default=0)),
                        ('satisfied', models.PositiveIntegerField(db_default=0, default=0, help_text='People who were glad of an answer made of it.')),
                        ('rated', models.PositiveIntegerField(db_default=0, default=0)),
                        ('archived_at', models.DateTimeField(blank=True, null=True)),
                        ('created_by_label', models.CharField(blank=True, default='', max_length=150)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='response_templates', to='workspaces.workspace')),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(models.F('workspace'), django.db.models.functions.text.Lower('name'), condition=models.Q(('archived_at', None)), name='inbox_responsetemplate_once', violation_error_message='Another template has this name.'),
                            models.CheckConstraint(condition=models.Q(('category__in', ['faq', 'objection_handling', 'follow_up'])), name='inbox_responsetemplate_category'),
                            models.CheckConstraint(condition=models.Q(('body', ''), _negated=True), name='inbox_responsetemplate_body', violation_error_message='Write the answer.'),
                            models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_by', None)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='inbox_responsetemplate_approved'),
                            models.CheckConstraint(condition=models.Q(('satisfied__lte', models.F('rated'))), name='inbox_responsetemplate_rated'),
                        ],
                        'triggers': [
                            pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "inbox_responsetemplateevent" ("approved_at", "approved_by_id", "archived_at", "body", "category", "channels", "created_at", "created_by_label", "id", "intents", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "rated", "requires_approval", "satisfied", "subject", "updated_at", "uses", "workspace_id") VALUES (NEW."approved_at", NEW."approved_by_id", NEW."archived_at", NEW."body", NEW."category", NEW."channels", NEW."created_at", NEW."created_by_label", NEW."id", NEW."intents", NEW."language", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."public_id", NEW."rated", NEW."requires_approval", NEW."satisfied", NEW."subject", NEW."updated_at", NEW."uses", NEW."workspace_id"); RETURN NULL;', hash='46dee8884bb5a9f8eb73c7b99f56bb7fc20020c4', operation='INSERT', pgid='pgtrigger_insert_insert_c295b', table='inbox_responsetemplate', when='AFTER')),
                            pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "inbox_responsetemplateevent" ("approved_at", "approved_by_id", "archived_at", "body", "category", "channels", "created_at", "created_by_label", "id", "intents", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "rated", "requires_approval", "satisfied", "subject", "updated_at", "uses", "workspace_id") VALUES (NEW."approved_at", NEW."approved_by_id", NEW."archived_at", NEW."body", NEW."category", NEW."channels", NEW."created_at", NEW."created_by_label", NEW."id", NEW."intents", NEW."language", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."public_id", NEW."rated", NEW."requires_approval", NEW."satisfied", NEW."subject", NEW."updated_at", NEW."uses", NEW."workspace_id"); RETURN NULL;', hash='f1f013b1e527152b62dacfb89f97554f81847e3f', operation='UPDATE', pgid='pgtrigger_update_update_34045', table='inbox_responsetemplate', when='AFTER')),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='AIClassification',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('intent', models.CharField(choices=[('purchase', 'Purchase'), ('question', 'Question'), ('objection', 'Objection'), ('complaint', 'Complaint'), ('compliment', 'Compliment'), ('feedback', 'Feedback'), ('unsubscribe', 'Unsubscribe'), ('spam', 'Spam'), ('other', 'Other')], max_length=11)),
                        ('confidence', models.FloatField(help_text='Calibrated, 0 to 1.')),
                        ('sentiment', models.FloatField(help_text='−1 to 1.')),
                        ('sentiment_label', models.CharField(max_length=13)),
                        ('urgency', models.CharField(choices=[('high', 'High'), ('medium', 'Medium'), ('low', 'Low')], max_length=6)),
                        ('language', models.CharField(blank=True, default='', max_length=8)),
                        ('topics', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                        ('entities', models.JSONField(blank=True, default=dict)),
                        ('keywords', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                        ('purchase_score', models.FloatField(default=0, help_text='0 to 1.')),
                        ('churn_score', models.FloatField(default=0, help_text='0 to 1.')),
                        ('objection_type', models.CharField(blank=True, default='', max_length=10)),
                        ('satisfaction', models.FloatField(blank=True, help_text='0 to 1.', null=True)),
                        ('action', models.CharField(blank=True, default='', max_length=60)),
                        ('reasons', models.JSONField(blank=True, default=list, help_text='Evidence, as a person reads it.')),
                        ('needs_person', models.CharField(blank=True, default='', help_text='Why a person answers; empty: need not.', max_length=200)),
                        ('model', models.CharField(max_length=60)),
                        ('version', models.CharField(blank=True, default='', max_length=60)),
                        ('ms', models.FloatField(help_text='What reading it cost, in milliseconds.')),
                        ('read_at', models.DateTimeField()),
                        ('corrected_intent', models.CharField(blank=True, choices=[('purchase', 'Purchase'), ('question', 'Question'), ('objection', 'Objection'), ('complaint', 'Complaint'), ('compliment', 'Compliment'), ('feedback', 'Feedback'), ('unsubscribe', 'Unsubscribe'), ('spam', 'Spam'), ('other', 'Other')], default='', max_length=11)),
                        ('corrected_at', models.DateTimeField(blank=True, null=True)),
                        ('corrected_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                        ('response', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='reading', to='inbox.customerresponse')),
                        ('template', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='inbox.responsetemplate')),
                    ],
                    options={
                        'verbose_name': 'AI classification',
                        'indexes': [
                            models.Index(condition=models.Q(('corrected_at__isnull', False)), fields=['workspace', 'corrected_at'], name='inbox_aiclassification_fixed'),
                            models.Index(fields=['workspace', 'read_at'], name='inbox_aiclassification_days'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('intent__in', ['purchase', 'question', 'objection', 'complaint', 'compliment', 'feedback', 'unsubscribe', 'spam', 'other']), ('urgency__in', ['high', 'medium', 'low'])), name='inbox_aiclassification_words'),
                            models.CheckConstraint(condition=models.Q(('churn_score__gte', 0), ('churn_score__lte', 1), ('confidence__gte', 0), ('confidence__lte', 1), ('purchase_score__gte', 0), ('purchase_score__lte', 1), ('sentiment__gte', -1), ('sentiment__lte', 1)), name='inbox_aiclassification_scores'),
                            models.CheckConstraint(condition=models.Q(models.Q(('corrected_at', None), ('corrected_intent', '')), models.Q(('corrected_at__isnull', False), ('corrected_intent__in', ['purchase', 'question', 'objection', 'complaint', 'compliment', 'feedback', 'unsubscribe', 'spam', 'other'])), _connector='OR'), name='inbox_aiclassification_corrected'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ResponseTemplateEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('public_id', models.UUIDField(default=workspaces.ids.uuid7, editable=False)),
                        ('name', models.CharField(max_length=100)),
                        ('category', models.CharField(choices=[('faq', 'Question'), ('objection_handling', 'Objection'), ('follow_up', 'Follow-up')], default='faq', max_length=18)),
                        ('intents', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('purchase', 'Purchase'), ('question', 'Question'), ('objection', 'Objection'), ('complaint', 'Complaint'), ('compliment', 'Compliment'), ('feedback', 'Feedback'), ('unsubscribe', 'Unsubscribe'), ('spam', 'Spam'), ('other', 'Other')], max_length=11), blank=True, default=list, help_text='Messages that it answers; empty: whatever is like it.', size=None)),
                        ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=9), blank=True, default=list, help_text='Empty: all.', size=None)),
                        ('language', models.CharField(default='en', max_length=8)),
                        ('subject', models.CharField(blank=True, default='', max_length=200)),
                        ('body', models.TextField(help_text='Places such as {{ first_name }}.')),
                        ('requires_approval', models.BooleanField(default=True, help_text='Answers made of it always wait for a person.')),
                        ('approved_at', models.DateTimeField(blank=True, null=True)),
                        ('uses', models.PositiveIntegerField(db_default=0, default=0)),
                        ('satisfied', models.PositiveIntegerField(db_default=0, default=0, help_text='People who were glad of an answer made of it.')),
                        ('rated', models.PositiveIntegerField(db_default=0, default=0)),
                        ('archived_at', models.DateTimeField(blank=True, null=True)),
                        ('created_by_label', models.CharField(blank=True, default='', max_length=150)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('approved_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='inbox.responsetemplate')),
                        ('workspace', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='workspaces.workspace')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Satisfaction',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=workspaces.ids.uuid7, editable=False, unique=True)),
                        ('asked_at', models.DateTimeField()),
                        ('score', models.PositiveSmallIntegerField(blank=True, help_text='1 to 5.', null=True)),
                        ('comment', models.TextField(blank=True, default='')),
                        ('answered_at', models.DateTimeField(blank=True, null=True)),
                        ('conversation', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='satisfaction', to='inbox.conversation')),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                    ],
                    options={
                        'verbose_name_plural': 'satisfaction',
                        'indexes': [
                            models.Index(fields=['workspace', 'answered_at'], name='inbox_satisfaction_days'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('score', None)), models.Q(('answered_at__isnull', False), ('score__gte', 1), ('score__lte', 5)), _connector='OR'), name='inbox_satisfaction_score'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='SLAPolicy',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('whatsapp', 'WhatsApp'), ('instagram', 'Instagram'), ('facebook', 'Facebook'), ('linkedin', 'LinkedIn'), ('twitter', 'X'), ('chat', 'Website chat'), ('comment', 'Public comment')], max_length=9)),
                        ('urgency', models.CharField(choices=[('high', 'High'), ('medium', 'Medium'), ('low', 'Low')], max_length=6)),
                        ('first_minutes', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='first answer, minutes')),
                        ('next_minutes', models.PositiveIntegerField(blank=True, help_text='Empty: as the first.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='next answer, minutes')),
                        ('resolution_minutes', models.PositiveIntegerField(blank=True, help_text='Empty: not promised.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='closed within, minutes')),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sla_policies', to='workspaces.workspace')),
                    ],
                    options={
                        'verbose_name': 'SLA policy',
                        'verbose_name_plural': 'SLA policies',
                        'constraints': [
                            models.UniqueConstraint(fields=('workspace', 'channel', 'urgency'), name='inbox_slapolicy_once', violation_error_message='This is promised already; change it there.'),
                            models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms', 'whatsapp', 'instagram', 'facebook', 'linkedin', 'twitter', 'chat', 'comment']), ('urgency__in', ['high', 'medium', 'low'])), name='inbox_slapolicy_words'),
                            models.CheckConstraint(condition=models.Q(('first_minutes__gte', 1), models.Q(('next_minutes', None), ('next_minutes__gte', 1), _connector='OR'), models.Q(('resolution_minutes', None), ('resolution_minutes__gte', 1), _connector='OR')), name='inbox_slapolicy_minutes', violation_error_message='A promise is at least a minute.'),
                        ],
                        'triggers': [
                            pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "inbox_slapolicyevent" ("channel", "first_minutes", "id", "next_minutes", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resolution_minutes", "updated_at", "urgency", "workspace_id") VALUES (NEW."channel", NEW."first_minutes", NEW."id", NEW."next_minutes", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."resolution_minutes", NEW."updated_at", NEW."urgency", NEW."workspace_id"); RETURN NULL;', hash='78f234e90d71a9618a468364432067f4da732c77', operation='INSERT', pgid='pgtrigger_insert_insert_ceeee', table='inbox_slapolicy', when='AFTER')),
                            pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "inbox_slapolicyevent" ("channel", "first_minutes", "id", "next_minutes", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resolution_minutes", "updated_at", "urgency", "workspace_id") VALUES (NEW."channel", NEW."first_minutes", NEW."id", NEW."next_minutes", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."resolution_minutes", NEW."updated_at", NEW."urgency", NEW."workspace_id"); RETURN NULL;', hash='61fb21dd1cd98a8c14b40b8b74c4a40df7320c57', operation='UPDATE', pgid='pgtrigger_update_update_f3b77', table='inbox_slapolicy', when='AFTER')),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='SLAPolicyEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('whatsapp', 'WhatsApp'), ('instagram', 'Instagram'), ('facebook', 'Facebook'), ('linkedin', 'LinkedIn'), ('twitter', 'X'), ('chat', 'Website chat'), ('comment', 'Public comment')], max_length=9)),
                        ('urgency', models.CharField(choices=[('high', 'High'), ('medium', 'Medium'), ('low', 'Low')], max_length=6)),
                        ('first_minutes', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='first answer, minutes')),
                        ('next_minutes', models.PositiveIntegerField(blank=True, help_text='Empty: as the first.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='next answer, minutes')),
                        ('resolution_minutes', models.PositiveIntegerField(blank=True, help_text='Empty: not promised.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='closed within, minutes')),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='inbox.slapolicy')),
                        ('workspace', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='workspaces.workspace')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='AgentProfile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('team', models.CharField(choices=[('sales', 'Sales'), ('support', 'Support'), ('success', 'Success')], default='support', max_length=7)),
                        ('skills', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                        ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), blank=True, default=list, size=None)),
                        ('is_away', models.BooleanField(default=False)),
                        ('signature', models.TextField(blank=True, default='', help_text='Below mails of theirs.')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='agent_profiles', to=settings.AUTH_USER_MODEL)),
                        ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('workspace', 'user'), name='inbox_agentprofile_once'),
                            models.CheckConstraint(condition=models.Q(('team__in', ['sales', 'support', 'success'])), name='inbox_agentprofile_team'),
                        ],
                    },
                ),
            ],
        ),
        migrations.RunPython(finish, migrations.RunPython.noop),
        migrations.RunSQL(SAME_WORKSPACE, migrations.RunSQL.noop),
        migrations.RunSQL(ANSWERS, migrations.RunSQL.noop),
    ]
