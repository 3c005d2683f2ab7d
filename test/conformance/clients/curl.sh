# The article by curl, with the habits of scripts in the field: a slash behind /login, single
# quotes, a token that is cut out as Microsoft's plan for JMeter does it. URL and PASSWORD are set.
set -euo pipefail

call() {
  curl --silent --show-error --fail-with-body -H "Authorization: Bearer $token" "$@"
}
json='Content-Type: application/json'

# The body comes by standard input, so that no password stands among the arguments of a process.
login=$(printf "{'username': 'admin', 'password': '%s'}" "$PASSWORD" |
  curl --silent --fail-with-body -H "$json" -d @- "$URL/login/")
token=$(grep -oP 'access_token":"\K(.+?)(?=",)' <<<"$login")

call "$URL/status" | grep -q '"statusCode":"pass"'
session=$(call -H "$json" -d '{"name":"Session 1","runtimeType":"Python"}' "$URL/sessions" |
  grep -oP '"sessionId":"\K[^"]+')
call -d '{"code":"names = [\"setosa\", \"versicolor\"]"}' "$URL/sessions/$session/execute" |
  grep -q '^{"success":true,"errorMessage":"",'
snapshot=$(call -H "$json" -d '{"name":"by curl"}' "$URL/sessions/$session/snapshot" |
  grep -oP '"snapshotId":"\K[^"]+')
call "$URL/snapshots" | grep -q "$snapshot"

call -H "$json" -d '{
  "code": "species = names[int(width > 1)]",
  "inputParameterDefinitions": [{"name": "width", "type": "numeric"}],
  "outputParameterDefinitions": [{"name": "species", "type": "string"}],
  "runtimeType": "Python", "snapshotId": "'"$snapshot"'"
}' "$URL/services/Curl/V1.0" | grep -qx '"V1.0"'
call "$URL/services/Curl/V1.0" | grep -q '^\[{"name":"Curl","version":"V1.0",'
call -o swagger.json "$URL/api/Curl/V1.0/swagger.json"
grep -q '"/api/Curl/V1.0"' swagger.json

call -H "$json" -d '{"width":1.4}' "$URL/api/Curl/V1.0" | grep -qxF \
  '{"success":true,"errorMessage":"","outputParameters":{"species":"versicolor"},"outputFiles":{},"consoleOutput":"","changedFiles":[]}'
# curl says that JSON is a form when nobody tells it otherwise.
call -d '{"width":0.2}' "$URL/api/Curl/V1.0/" | grep -q '"species":"setosa"'

call -X PATCH -H "$json" -d '{"description":"By curl","runtimeType":"Python"}' \
  "$URL/services/Curl/V1.0" | grep -qx '"V1.0"'
call -F file=@swagger.json "$URL/sessions/$session/files"
call "$URL/sessions/$session/files" | grep -qxF '["swagger.json"]'
call "$URL/sessions/$session/files/swagger.json" | cmp - swagger.json
call -X DELETE "$URL/services/Curl/V1.0"
call -X DELETE -H "$json" "$URL/sessions/$session/force" >deleted
call -X DELETE "$URL/snapshots/$snapshot" >deleted
echo walked
