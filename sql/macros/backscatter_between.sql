-- Answers, no probes: addresses that SYN-ACK or RST came from from `first` to `last`, victims of forged senders
create or replace macro backscatter_between(first, last) as table
    with logged as (
        select *
        from day_facts('backscatter', first, last)
    ),

    counted as (
        select
            source_ip,
            source_port,
            max(source_country) as source_country,
            cast(sum(events) as bigint) as events,
            count(*) as days,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen
        from logged
        group by source_ip, source_port
    )

    select
        counted.source_ip,
        counted.source_country,
        counted.source_port as port,
        counted.events,
        counted.days,
        counted.first_seen,
        counted.last_seen
    from counted
    order by counted.events desc, counted.source_ip asc, counted.source_port asc;
