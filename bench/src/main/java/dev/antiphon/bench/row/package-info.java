/// The rows of the table: each measures one thing that a user feels or an operator pays.
@NullMarked
package dev.antiphon.bench.row;

import org.jspecify.annotations.NullMarked;
