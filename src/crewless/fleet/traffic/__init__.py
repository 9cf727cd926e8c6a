"""Collision-free motion of many robots on a grid."""
