-- A sensor's day has one digest; where no event is a duplicate, it is the sum of its files' digests, modulo 2^64
with summed as (
    select
        day,
        sensor,
        sum(events) - sum(duplicates) as events,
        sum(duplicates) as duplicates,
        min(digest) as digest,
        max(digest) as largest_digest,
        count(*) - count(digest) as without_digest,
        sum(file_digest) as digest_of_files
    from loads
    where is_checked(day)
    group by day, sensor
)

select *
from summed
where
    digest is not null
    and (
        digest <> largest_digest
        or without_digest > 0
        or (events = 0 and digest <> 0)
        or (duplicates = 0 and (digest_of_files - digest) % 18446744073709551616 <> 0)
    )
