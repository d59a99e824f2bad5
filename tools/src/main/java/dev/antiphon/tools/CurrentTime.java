package dev.antiphon.tools;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/// Returns the current time, which no model knows.
public final class CurrentTime implements Tool {

    private static final ObjectNode PARAMETERS =
            Json.readObject(
                    """
                    {"type":"object",
                     "properties":{
                       "zone":{"type":"string","maxLength":64,
                               "description":"An IANA time zone such as Europe/Berlin. Default: UTC."}},
                     "additionalProperties":false}\
                    """
                            .getBytes(StandardCharsets.UTF_8));

    private final InstantSource clock;

    public CurrentTime(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public String name() {
        return "current_time";
    }

    @Override
    public String description() {
        return "Tells the current date, weekday and time in a time zone.";
    }

    @Override
    public ObjectNode parameters() {
        return PARAMETERS;
    }

    @Override
    public boolean idempotent() {
        return true;
    }

    @Override
    public String call(ObjectNode arguments, ToolContext context) throws ToolFailure {
        String zone = arguments.path("zone").stringValue("UTC");
        try {
            ZonedDateTime now =
                    clock.instant().truncatedTo(ChronoUnit.SECONDS).atZone(ZoneId.of(zone));
            return now.format(DateTimeFormatter.ISO_OFFSET_DATE_TIME)
                    + ", "
                    + now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH)
                    + ", in "
                    + zone;
        } catch (DateTimeException e) {
            throw new ToolFailure(
                    "There is no time zone '"
                            + zone
                            + "'; use a name such as Europe/Berlin or UTC.");
        }
    }
}
