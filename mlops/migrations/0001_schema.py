import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import workspaces.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ('workspaces', '0001_schema'),
    ]

    operations = [
        migrations.CreateModel(
            name='SamplerFeedback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('arm', models.CharField(max_length=200)),
                ('event_id', models.CharField(max_length=200)),
                ('spend', models.DecimalField(decimal_places=6, max_digits=20)),
                ('pipeline_value', models.DecimalField(decimal_places=6, help_text='Below zero where a deal was lost.', max_digits=20)),
                ('source', models.CharField(max_length=40)),
                ('at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
            ],
            options={
                'verbose_name_plural': 'sampler feedback',
                'indexes': [models.Index(fields=['workspace', 'arm', '-at'], name='mlops_feedback_arm')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'event_id'), name='mlops_samplerfeedback_once'), models.CheckConstraint(condition=models.Q(('spend__gte', 0)), name='mlops_samplerfeedback_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='SamplerDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=workspaces.ids.uuid7, editable=False, unique=True)),
                ('allocation_id', models.UUIDField(help_text='The arms of one draw share it.')),
                ('arm', models.CharField(help_text='Budget owner: subject key or given ad id.', max_length=200)),
                ('arm_label', models.CharField(blank=True, max_length=300)),
                ('seed', models.BigIntegerField()),
                ('mode', models.CharField(max_length=10)),
                ('policy_version', models.CharField(blank=True, max_length=60)),
                ('decision', models.CharField(max_length=10)),
                ('current_budget', models.DecimalField(decimal_places=6, max_digits=20)),
                ('recommended_budget', models.DecimalField(decimal_places=6, max_digits=20)),
                ('propensity', models.FloatField(help_text='Probability of being the best arm in this draw.')),
                ('alpha', models.FloatField()),
                ('beta', models.FloatField()),
                ('confidence', models.FloatField()),
                ('context', models.JSONField(default=dict, help_text='The state that was judged, and metrics.')),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('proposal', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='workspaces.proposal')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'arm', '-at'], name='mlops_decision_arm'), models.Index(fields=['allocation_id'], name='mlops_decision_allocation')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='samplerdecision',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='3c6359dcf9e43be68d8c4079bac8f0408309f620', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_b91fd', table='mlops_samplerdecision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='samplerfeedback',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e05006f22e8b0b794af428b87fcab9cfa7d78446', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_4f09f', table='mlops_samplerfeedback', when='BEFORE')),
        ),
    ]
