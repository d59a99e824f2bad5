package dev.antiphon.worker.provider;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Keeps what a provider streams. Reasoning is in brackets, retries are in square ones.
class CollectingSink implements TokenSink {

    final List<String> pieces = new CopyOnWriteArrayList<>();

    @Override
    public void content(String text) throws InterruptedException {
        pieces.add(text);
    }

    @Override
    public void reasoning(String text) {
        pieces.add("(" + text + ")");
    }

    @Override
    public void retrying(String why, Duration wait) {
        pieces.add("[" + why + "]");
    }

    String text() {
        return String.join("", pieces);
    }
}
