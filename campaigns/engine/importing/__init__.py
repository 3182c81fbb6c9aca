"""Reading performance files of any platform: headers, values, mapping, derivation."""
