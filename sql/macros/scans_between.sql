-- Sources that scanned from day `first` to day `last`, and how: vertical, protocols, horizontal, slow, burst
create or replace macro scans_between(first, last) as table
    with facts as (select * from period_scans(first, last))

    select *
    from scans_of('facts')
    order by events desc, source_ip asc, kind asc;
