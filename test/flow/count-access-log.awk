# An independent count of an access log in combined format: requests per day and section, and unique (address, user
# agent) pairs per day. Knows nothing of Headcount: fields by quotes and blanks, sections by the first path segment.
BEGIN {
  FS = "\""
  split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " ")
  for (i in names) month[names[i]] = i
  split("presentations blog images projects files articles misc", declared, " ")
  for (i in declared) isSection[declared[i]] = 1
}
{
  split($1, head, " ")
  split(substr(head[4], 2), stamp, /[\/:]/)
  day = sprintf("%04d-%02d-%02d", stamp[3], month[stamp[2]], stamp[1])
  split($2, request, " ")
  split(request[2], segments, /[\/?#]/)
  section = (segments[2] in isSection) ? segments[2] : "(other)"
  requests[day " " section]++
  pair = day SUBSEP head[1] SUBSEP $6
  if (!(pair in seen)) { seen[pair] = 1; uniques[day]++ }
}
END {
  for (key in requests) print "requests", key, requests[key]
  for (day in uniques) print "uniques", day, "-", uniques[day]
}
