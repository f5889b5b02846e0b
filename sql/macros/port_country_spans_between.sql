-- Events from `first` to `last` by spans of `span_days` days, by the `most_ports` main ports or any other, and country
-- span: Number of the span of days, from 0 on
-- place: Place of the port among the main ports; NULL for any other
-- country: ISO 3166-1 alpha-2 code of the country
-- events: Number of events
create or replace macro port_country_spans_between(first, last, span_days, most_ports) as table
    with main_ports as (
        select
            port,
            protocol,
            row_number() over (order by rank, port, protocol) as place
        from top_ports_between(first, last)
        order by place
        limit most_ports
    ),

    counted as (
        select
            (day - as_day(first)) // span_days as span,
            destination_port,
            protocol,
            source_country as country,
            sum(events) as events
        from day_counts('port_countries', first, last)
        group by span, destination_port, protocol, source_country
    )

    select
        cast(counted.span as integer) as span,
        main_ports.place,
        counted.country,
        cast(sum(counted.events) as bigint) as events
    from counted
    left join main_ports
        on
            counted.destination_port = main_ports.port
            and counted.protocol is not distinct from main_ports.protocol
    group by counted.span, main_ports.place, counted.country
    order by counted.span, main_ports.place, counted.country;
