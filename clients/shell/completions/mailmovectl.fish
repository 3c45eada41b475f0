# SPDX-License-Identifier: Apache-2.0
# fish completion of mailmovectl: /usr/share/fish/vendor_completions.d/mailmovectl.fish

set -l commands accounts enable disable show migrations forget verify check trigger status log events watch service call
set -l none "not __fish_seen_subcommand_from $commands"

complete -c mailmovectl -f
complete -c mailmovectl -l socket -r -F -d 'The admin socket'
complete -c mailmovectl -l lang -x -a 'en zh-CN' -d 'Language'
complete -c mailmovectl -l json -d 'Print the RPC result'
complete -c mailmovectl -s h -l help -d 'Help'

complete -c mailmovectl -n $none -a accounts -d 'Create, list and delete accounts'
complete -c mailmovectl -n $none -a enable -d 'Enable the migration of a domain'
complete -c mailmovectl -n $none -a disable -d 'End the migration of a domain'
complete -c mailmovectl -n $none -a show -d 'Settings and progress of a domain'
complete -c mailmovectl -n $none -a migrations -d 'Migrations of all domains'
complete -c mailmovectl -n $none -a forget -d 'Forget what has been moved'
complete -c mailmovectl -n $none -a verify -d 'Check the old server'
complete -c mailmovectl -n $none -a check -d 'Check the DNS of a domain'
complete -c mailmovectl -n $none -a trigger -d 'Start moves with old passwords'
complete -c mailmovectl -n $none -a status -d 'Where a move stands'
complete -c mailmovectl -n $none -a log -d 'The migration log of a domain'
complete -c mailmovectl -n $none -a events -d 'What has happened'
complete -c mailmovectl -n $none -a watch -d 'Changes as they happen'
complete -c mailmovectl -n $none -a service -d 'The state of the daemon'
complete -c mailmovectl -n $none -a call -d 'Call any method'

set -l accounts '__fish_seen_subcommand_from accounts'
complete -c mailmovectl -n "$accounts; and not __fish_seen_subcommand_from create list delete set-password" -a 'create list delete set-password'
complete -c mailmovectl -n "$accounts; and __fish_seen_subcommand_from create" -F
complete -c mailmovectl -n "$accounts; and __fish_seen_subcommand_from create" -l on-existing -x -a 'skip update fail' -d 'Accounts that exist'

set -l server '__fish_seen_subcommand_from enable verify'
complete -c mailmovectl -n $server -l host -x -a '(__fish_print_hostnames)' -d 'The old server'
complete -c mailmovectl -n $server -l port -x -d 'Its port'
complete -c mailmovectl -n $server -l security -x -a 'none opportunistic starttls tls' -d 'How the connection is protected'
complete -c mailmovectl -n $server -l verify -x -a 'full fingerprint none' -d 'How the certificate is judged'
complete -c mailmovectl -n $server -l fingerprint -x -d 'SHA-256 of the certificate'
complete -c mailmovectl -n $server -l user-without-domain -d 'User names have no domain'
complete -c mailmovectl -n $server -l old-domain -x -d 'The domain in user names'
complete -c mailmovectl -n $server -l secure-auth -d 'Never send a password in the clear'

set -l enable '__fish_seen_subcommand_from enable'
complete -c mailmovectl -n $enable -l days -x -d 'The window'
complete -c mailmovectl -n $enable -l known -r -F -d 'Accounts of the old system'
complete -c mailmovectl -n $enable -l exclude -r -F -d 'Accounts never moved'
complete -c mailmovectl -n $enable -l auto-create -d 'Create accounts at login'
complete -c mailmovectl -n $enable -l no-sync-passwords -d 'Take no passwords over'
complete -c mailmovectl -n $enable -l no-uidl -d 'Preserve no UIDLs'
complete -c mailmovectl -n $enable -l mark-seen -d 'Mark mail as seen'
complete -c mailmovectl -n $enable -l newest-first -d 'Newest mail first'
complete -c mailmovectl -n $enable -l delete-after-move -d 'Delete on the old server'
complete -c mailmovectl -n $enable -l max-connections -x -d 'Connections at once'
complete -c mailmovectl -n $enable -l folder -x -d 'Where mail goes'
complete -c mailmovectl -n $enable -l follow-up -x -d 'HOURS[:MINUTES] of late mail'

complete -c mailmovectl -n '__fish_seen_subcommand_from verify' -l account -x -d 'Log in as'
complete -c mailmovectl -n '__fish_seen_subcommand_from check' -l mx -x -a '(__fish_print_hostnames)' -d 'Host of the new platform'
complete -c mailmovectl -n '__fish_seen_subcommand_from check' -l address -x -d 'Address of the new platform'
complete -c mailmovectl -n '__fish_seen_subcommand_from trigger' -l from -r -F -d 'CSV file'
complete -c mailmovectl -n '__fish_seen_subcommand_from create trigger enable' -l encoding -x -a 'UTF-8 GB18030' -d 'Of the file'
complete -c mailmovectl -n '__fish_seen_subcommand_from trigger verify set-password' -l password-file -r -F -d 'Read the password from a file'
complete -c mailmovectl -n '__fish_seen_subcommand_from trigger verify set-password' -l password-stdin -d 'Read the password from standard input'

set -l log '__fish_seen_subcommand_from log'
complete -c mailmovectl -n $log -l status -x -a 'notStarted inProgress completed failed nonMigrating' -d 'Only these'
complete -c mailmovectl -n $log -l started-by -x -a 'webmail imap pop3 smtp portal admin other' -d 'Only these'
complete -c mailmovectl -n $log -l sort -x -a 'account startedAt status remaining lastTriggeredAt' -d 'Order'
complete -c mailmovectl -n $log -l descending -d 'The other way round'
complete -c mailmovectl -n '__fish_seen_subcommand_from log list' -l search -x -d 'Only those with'
complete -c mailmovectl -n '__fish_seen_subcommand_from events' -l since -x -d 'From then on'
complete -c mailmovectl -n '__fish_seen_subcommand_from log list events' -l limit -x -d 'At most'
complete -c mailmovectl -n '__fish_seen_subcommand_from log list events migrations' -l csv -d 'As CSV'
