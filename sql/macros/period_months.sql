-- How many months a period named as '2020', '2020-H1', '2020-Q2' or '2020-04' has
create or replace macro period_months(name) as
case name[6]
    when '' then 12
    when 'H' then 6
    when 'Q' then 3
    else 1
end;
