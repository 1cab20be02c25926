# For ipptool: the jobs of a queue that this user sent, with what tells how far each is (Get-Jobs, RFC 8011, 4.2.6), and what
# the queue itself says (Get-Printer-Attributes, 4.2.5).
{
  OPERATION Get-Jobs
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR name requesting-user-name $user
  ATTR keyword which-jobs all
  ATTR boolean my-jobs true
  ATTR keyword requested-attributes job-id,job-name,job-state,job-state-reasons,job-printer-state-message,time-at-processing
  STATUS successful-ok
}
{
  OPERATION Get-Printer-Attributes
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR name requesting-user-name $user
  ATTR keyword requested-attributes printer-state,printer-state-message
  STATUS successful-ok
}
