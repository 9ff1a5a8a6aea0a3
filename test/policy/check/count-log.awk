# An independent count of an access log in combined format, for each grain: requests and unique (address, user agent)
# pairs by window and section. Knows nothing of Headcount: fields by quotes and blanks, weeks by the number of days.
BEGIN {
  FS = "\""
  split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " ")
  for (i in names) month[names[i]] = i
  split("presentations blog images projects files articles misc", declared, " ")
  for (i in declared) isSection[declared[i]] = 1
}
function count(grain, window, section, pair) {
  requests[grain " " window " " section]++
  if (!((grain, window, section, pair) in seen)) { seen[grain, window, section, pair] = 1; uniques[grain " " window " " section]++ }
}
# Of a day of May 2015, whose 4th, 11th, 18th and 25th were Mondays.
function monday(day) { return sprintf("2015-05-%02d", day - (day + 3) % 7) }
{
  split($1, head, " ")
  split(substr(head[4], 2), stamp, /[\/:]/)
  date = sprintf("%04d-%02d-%02d", stamp[3], month[stamp[2]], stamp[1])
  split($2, request, " ")
  split(request[2], segments, /[\/?#]/)
  section = (segments[2] in isSection) ? segments[2] : "(other)"
  pair = head[1] SUBSEP $6
  count("minute", date "T" stamp[4] ":" stamp[5], section, pair)
  count("hour", date "T" stamp[4] ":00", section, pair)
  count("day", date "T00:00", section, pair)
  count("week", monday(stamp[1]) "T00:00", section, pair)
  count("month", substr(date, 1, 7) "-01T00:00", section, pair)
}
END { for (key in requests) print key, requests[key], uniques[key] }
