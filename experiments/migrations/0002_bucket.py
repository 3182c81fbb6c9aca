from django.db import migrations

# As experiments/engine/hashing.py has it. Bound at their making, so that a dump is read back whatever
# the search path.
BUCKET = """
CREATE FUNCTION experiments_fnv1a32(value text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    octets bytea := convert_to(value, 'UTF8');
    hash bigint := 2166136261;
BEGIN
    FOR place IN 0 .. octet_length(octets) - 1 LOOP
        hash := ((hash # get_byte(octets, place)) * 16777619) & 4294967295;
    END LOOP;
    RETURN hash;
END $$;
CREATE FUNCTION experiments_bucket(seed text, unit text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (experiments_fnv1a32(experiments_fnv1a32(seed || ':' || unit)::text) % 10000)::integer;
"""
NO_BUCKET = """
DROP FUNCTION experiments_bucket(text, text);
DROP FUNCTION experiments_fnv1a32(text);
"""


class Migration(migrations.Migration):
    """The bucket of a unit, in SQL."""

    # The last of those replaced: a database that stands amid them is refused.
    dependencies = [("experiments", "0008_test_origin")]

    operations = [migrations.RunSQL(BUCKET, NO_BUCKET)]
