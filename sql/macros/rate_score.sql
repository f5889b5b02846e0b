-- How many deviations of chance apart two daily rates are: 3 and then 9 events are 1.7, 30,000 and then 45,000 are 55
create or replace macro rate_score(events, days, previous_events, previous_days) as
-- Both counts taken for Poisson's: the variance of a rate is its count over the square of its days.
(events / days - previous_events / previous_days)
/ sqrt(nullif(events / (days * days) + previous_events / (previous_days * previous_days), 0));
