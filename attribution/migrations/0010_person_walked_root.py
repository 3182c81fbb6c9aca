from django.db import migrations, models


class Migration(migrations.Migration):
    """Who a person was when journeys were built last."""

    dependencies = [("attribution", "0009_conversions_back")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="walked_root",
            field=models.BigIntegerField(
                blank=True,
                help_text="The root when journeys were built last; empty: itself.",
                null=True,
            ),
        ),
    ]
