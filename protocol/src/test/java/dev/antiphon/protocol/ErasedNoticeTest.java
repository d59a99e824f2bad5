package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;

final class ErasedNoticeTest {

    private static final SessionId SESSION = new SessionId("s1");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void isReadAsWritten() {
        byte[] json = new ErasedNotice(SESSION).encode();

        assertThat(new String(json, StandardCharsets.UTF_8))
                .isEqualTo("{\"session_id\":\"s1\",\"event\":\"erased\"}");
        assertThat(ErasedNotice.decode(json)).isEqualTo(new ErasedNotice(SESSION));
    }

    @Test
    void isNoRing() {
        byte[] data = bytes("{\"event\":\"erased\"}");
        Entry entry =
                new Entry(EntryId.start(7).next(EventName.MESSAGE, data), EventName.MESSAGE, data);

        assertThat(ErasedNotice.decode(new Ring(SESSION, entry).encode())).isNull();
        assertThat(ErasedNotice.decode(bytes("{}"))).isNull();
        assertThatThrownBy(() -> ErasedNotice.decode(bytes("{\"event\":\"erased\"}")))
                .isInstanceOf(InvalidInput.class);
    }
}
