-- One row per day and file: what became of its lines; lines = events + ignored + rejected
select
    day,
    sensor,
    file,
    lines,
    events,
    ignored,
    ignored_by_rule,
    rejected,
    duplicates,
    first_observed_at,
    last_observed_at,
    file_digest,
    digest
from read_parquet(
    partitions('loads'),
    hive_partitioning = true,
    hive_types = { 'day': date },
    union_by_name = list_contains(uneven_stages(), 'loads')
)
