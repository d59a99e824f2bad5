/// The wire formats: ids, workflow requests, response chunks, session-log entries, subjects, keys and their JSON,
/// exactly as PROTOCOL.md specifies them. Values only; nothing here opens a connection or starts a thread.
@NullMarked
package dev.antiphon.protocol;

import org.jspecify.annotations.NullMarked;
