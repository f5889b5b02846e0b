-- One row per log line that could not be understood, with its file, its number and the reason
select
    day,
    observed_at,
    sensor,
    file,
    line_number,
    reason,
    line
from read_parquet(
    partitions('rejected'),
    hive_partitioning = true,
    hive_types = { 'day': date },
    union_by_name = list_contains(uneven_stages(), 'rejected')
)
