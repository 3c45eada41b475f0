# SPDX-License-Identifier: Apache-2.0
package Bench::Rows;
# What is moved in each row, and the mailboxes for that.
use strict;
use warnings;
use Bench::Servers;
use Exporter 'import';

our @EXPORT = qw(rows make_mailboxes);

# Row S7 is none of these: 100 small mailboxes alone, and beside one of 200,000 messages.
our (@small, $huge);
my ($even, $mixed, $each, @crowd);

sub make_mailboxes {
    my ($here, $scale, %wanted) = @_;
    my $count = sub { my $all = int($_[0] * $scale); $all < 10 ? 10 : $all };
    ($even, $mixed, $each, $huge) = map { $count->($_) } 10_000, 1000, 200, 200_000;
    @crowd = map { "crowd$_" } 1 .. $count->(100);
    @small = map { "small$_" } 1 .. $count->(100);
    mailbox($here, even => 'even', $even) if grep { $wanted{$_} } qw(S1 S4 S5 S6 I1 I4 I6 I7);
    mailbox($here, mixed => 'mixed', $mixed) if $wanted{S2};
    mailboxes($here, mixed => $each, @crowd) if $wanted{S3} || $wanted{I3};
    if ($wanted{I2}) { mailbox($here, mixed => 'folders', $mixed); spread(folders => 20) }
    if ($wanted{I5}) { mailbox($here, even => 'again', $even); spread(again => 20) }
    if ($wanted{S7}) { mailbox($here, even => 'huge', $huge); mailboxes($here, even => 20, @small) }
    return (qw(even mixed huge folders again), @crowd, @small);
}

# By POP3 (S) and by IMAP (I); once the old server has its ports.
sub rows {
    my @rows;
    my $row = sub {
        my ($id, $what, $messages, $port, $names, %more) = @_;
        my $by_imap = $id =~ /^I/;
        push @rows, {
            id => $id, what => $what, names => $names, messages => $messages, port => $port{$port}, by_imap => $by_imap,
            imap => $by_imap && !$more{into}, %more};
    };
    my $crowd = @crowd . " mailboxes, $each mixed each, 16 at once";
    $row->('S1', "one mailbox, $even x 4.7 KB", $even, 'pop3', ['even']);
    $row->('S2', "one mailbox, $mixed mixed", $mixed, 'pop3', ['mixed']);
    $row->('S3', $crowd, @crowd * $each, 'pop3', \@crowd);
    $row->('S4', 'S1 over a round trip of 50 ms', $even, 'far_pop3', ['even']);
    $row->('S5', 'S1 again, nothing new', $even, 'pop3', ['even'], again => 1);
    $row->('S6', 'S1 inside TLS', $even, 'pop3', ['even'], tls => 1);
    $row->('I1', "one mailbox by IMAP, $even x 4.7 KB", $even, 'imap', ['even']);
    $row->('I2', "one mailbox, $mixed mixed in 20 folders", $mixed, 'imap', ['folders']);
    $row->('I3', $crowd, @crowd * $each, 'imap', \@crowd);
    $row->('I4', 'I1 over a round trip of 50 ms', $even, 'far_imap', ['even'], far => 1);
    $row->('I5', "$even in 20 folders again, nothing new", $even, 'imap', ['again'], again => 1);
    $row->('I6', "$even x 4.7 KB by POP3 into an IMAP server", $even, 'pop3', ['even'], into => 1);
    $row->('I7', 'I1 from a server that gives each connection 1 MB a second', $even, 'slow_imap',
        ['even'], far => 1);
    return @rows;
}

1;
