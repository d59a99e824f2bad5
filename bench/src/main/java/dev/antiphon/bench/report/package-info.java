/// Results: as JSON, as a table, as charts, and as the generated part of a page. Everything else is made from the JSON.
@NullMarked
package dev.antiphon.bench.report;

import org.jspecify.annotations.NullMarked;
