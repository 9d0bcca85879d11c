# Which keys the verbs of the queue part take; the loop has looked at their form and length.

# request_part: fails naming the key. A selection is the match of a brake and more.
request_part() {
  request_selection='match match2 match3 in older younger larger smaller app'
  request_more='' REQUEST_NEEDED=''
  case $R_verb:$R_op in
  survey:*) REQUEST_NEEDED=instance request_more=rows ;;
  follow:*) REQUEST_NEEDED='instance seconds' ;;
  queue:count) request_more=$request_selection ;;
  queue:list) REQUEST_NEEDED=limit request_more="$request_selection after" ;;
  queue:show) REQUEST_NEEDED='message body' ;;
  queue:start) REQUEST_NEEDED='job action by reason' request_more="$request_selection rate ceiling deferrals of" ;;
  queue:job) REQUEST_NEEDED=job ;;
  queue:stop) REQUEST_NEEDED='job by reason' ;;
  queue:jobs) ;;
  queue:) request_more=$R_keys ;;
  *) fail bad-value op 'op: count, list, show, start, job, jobs or stop' || return 1 ;;
  esac
  [ "$R_verb" != queue ] || REQUEST_NEEDED="instance op $REQUEST_NEEDED"
  REQUEST_ALLOWED="$REQUEST_NEEDED $request_more"
  request_fits
}
